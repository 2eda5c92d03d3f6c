"""A login and what comes after it, with requests."""
import sys

import requests

base = sys.argv[1]
session = requests.Session()
session.headers["X-App"] = "demo"

login = session.post(base + "/api/login", data={"username": "admin", "password": "open sesame"}, timeout=(3, 10))
login.raise_for_status()
print(login.status_code, [hop.status_code for hop in login.history], login.text.strip())
print(sorted(session.cookies.get_dict()), session.cookies["theme"])

for path in ["data1", "data2"]:
    response = session.get(base + "/api/" + path, params={"page": "1"})
    print(response.status_code, response.headers["content-type"], response.text.strip())

response = session.get(base + "/api/data1", headers={"X-App": None})
print(response.text.strip())

response = session.get(base + "/api/welcome", allow_redirects=False)
print(response.status_code, response.is_redirect)

try:
    session.get(base + "/nothing").raise_for_status()
except requests.HTTPError as error:
    print(error.response.status_code, error.response.text.strip())

session.cookies.clear()
print(session.get(base + "/api/data1").status_code)
session.close()
