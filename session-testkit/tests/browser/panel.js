// Opens a HAR file in the network panel of the developer tools, by the panel's own "Import HAR file", and tells what it then shows:
// the cells of each row, and what its details are made of. A promise of an array, or of null where this browser's tools are made otherwise.
(async text => {
  let panels, logs, views;
  try {
    [panels, logs, { ViewManager: { ViewManager: views } }] = await Promise.all([
      import('devtools://devtools/bundled/panels/network/network.js'),
      import('devtools://devtools/bundled/models/logs/logs.js'),
      import('devtools://devtools/bundled/ui/legacy/legacy.js'),
    ]);
    if (!panels.NetworkLogView.NetworkLogView.prototype.onLoadFromFile || !logs.NetworkLog.NetworkLog.prototype.requests) {
      return null;
    }
  } catch {
    return null;
  }
  // The tools are built up by and by.
  const shown = async () => {
    try {
      await views.instance().showView('network');
      return panels.NetworkPanel.NetworkPanel.instance().networkLogView;
    } catch {
      return null;
    }
  };
  let view = null;
  while (!(view = await shown()) || !view.element.isConnected) {
    await new Promise(next => setTimeout(next, 20));
  }
  await view.onLoadFromFile(new File([text], 'recorded.har'));

  const requests = logs.NetworkLog.NetworkLog.instance().requests();
  const rows = () => [...view.element.querySelectorAll('tr.network-item, tr.data-grid-data-grid-node')]
    .map(row => [...row.querySelectorAll('td')].map(cell => cell.innerText));
  while (rows().length < requests.length) {
    await new Promise(next => setTimeout(next, 20));
  }
  const cookie = one => [one.name(), one.value(), one.path() ?? '', one.httpOnly(), one.secure()];
  const took = (from, to) => from < 0 ? null : to - from;
  const told = async (request, row) => {
    const content = await request.requestContentData();
    const { timing } = request;
    return {
      row,
      method: request.requestMethod,
      url: request.url(),
      status: request.statusCode,
      statusText: request.statusText,
      protocol: request.protocol,
      mimeType: request.mimeType,
      resourceSize: request.resourceSize,
      transferSize: request.transferSize,
      address: request.remoteAddress(),
      query: request.queryParameters ?? [],
      form: await request.formParameters() ?? [],
      sent: request.includedRequestCookies().map(one => cookie(one.cookie)),
      set: request.responseCookies.map(cookie),
      location: request.responseHeaderValue('location') ?? '',
      body: content.isTextContent ? content.text : content.base64,
      failed: request.failed,
      duration: request.duration * 1000,
      connect: took(timing.connectStart, timing.connectEnd),
      tls: took(timing.sslStart, timing.sslEnd),
      wait: took(timing.receiveHeadersStart, timing.receiveHeadersEnd),
    };
  };
  const shownRows = rows();
  return Promise.all(requests.map((request, index) => told(request, shownRows[index])));
})
