// uWebSockets.js reads its limit on a request's headers when it is loaded, so this module is imported before it. Its own 4 KiB are
// too little for an RS256 token next to what an app sends; and it should stay above ours, whose refusal is a problem document.
process.env['UWS_HTTP_MAX_HEADERS_SIZE'] ??= '24576';
