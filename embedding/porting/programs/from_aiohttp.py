"""A login and what comes after it, with aiohttp."""
import asyncio
import sys

import aiohttp


async def data(session, path):
    async with session.get(path, params={"page": "1"}) as response:
        return response.status, response.content_type, (await response.text()).strip()


async def main():
    jar = aiohttp.CookieJar(unsafe=True)
    timeout = aiohttp.ClientTimeout(total=20)
    headers = {"X-App": "demo"}
    async with aiohttp.ClientSession(sys.argv[1], headers=headers, cookie_jar=jar, timeout=timeout) as session:
        form = {"username": "admin", "password": "open sesame"}
        async with session.post("/api/login", data=form, raise_for_status=True) as login:
            print(login.status, [hop.status for hop in login.history], (await login.text()).strip())
        print(sorted(cookie.key for cookie in session.cookie_jar))

        for answer in await asyncio.gather(data(session, "/api/data1"), data(session, "/api/data2")):
            print(*answer)

        async with session.post("/api/login", data=form, allow_redirects=False) as response:
            print(response.status, sorted(response.cookies))

        try:
            await session.get("/nothing", raise_for_status=True)
        except aiohttp.ClientResponseError as error:
            print(error.status)
    print(session.closed)


asyncio.run(main())
