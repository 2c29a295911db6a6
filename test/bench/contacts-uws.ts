// The limit of the contacts bench: uWebSockets.js alone, which serialises one object for whoever asks.
import { App, us_listen_socket_close, us_socket_local_port } from 'uWebSockets.js';

const object: unknown = JSON.parse(process.env['BENCH_OBJECT'] ?? 'null');

const app = App().any('/*', (res) => {
  res.cork(() => {
    res.writeStatus('200 OK').writeHeader('Content-Type', 'application/json; charset=utf-8').end(JSON.stringify(object));
  });
});
app.listen('127.0.0.1', 0, (socket) => {
  if (socket === false) throw new Error('uWebSockets.js cannot listen');
  process.on('disconnect', () => {
    us_listen_socket_close(socket);
    process.exit(0);
  });
  process.send?.({ kind: 'ready', url: `http://127.0.0.1:${us_socket_local_port(socket)}` });
});
