// Two ways to the server with the same commands and events: a WebSocket, and where a proxy lets none
// through, server-sent events with commands by POST.
import { get, post } from "playground/http";

export const SIGNED_OUT = 4401;
const BROKEN = 1006;
const OPENS_WITHIN_MS = 8000;

export function by_socket({ on_open, on_events, on_close }) {
  const address = `${location.protocol.replace("http", "ws")}//${location.host}/ws/playground`;
  const socket = new WebSocket(address);
  const timer = setTimeout(() => socket.close(), OPENS_WITHIN_MS);
  socket.onopen = () => {
    clearTimeout(timer);
    on_open();
  };
  socket.onmessage = ({ data }) => on_events(JSON.parse(data));
  socket.onclose = ({ code }) => {
    clearTimeout(timer);
    on_close(code);
  };
  return {
    send: (command) => socket.send(JSON.stringify(command)),
    close: () => socket.close(),
  };
}

export function by_events({ on_open, on_events, on_close }) {
  const source = new EventSource("/playground/events");
  let connection = "";
  source.onmessage = ({ data }) => {
    const events = JSON.parse(data);
    // The first names the connection, which commands belong to.
    const first = events.find((event) => event.type === "connected");
    if (first) {
      connection = first.connection;
      on_open();
    }
    on_events(events);
  };
  // The browser would open it again by itself, and lose what was said meanwhile.
  source.onerror = () => {
    source.close();
    on_close(BROKEN);
    // It does not say why it ended; another request does, when the server answers at all.
    get("/playground/chats").catch((error) => { if (error.status === 401) on_close(SIGNED_OUT); });
  };
  // One after the other: a stop must not overtake its start.
  let queue = Promise.resolve();
  const send = (command) => {
    queue = queue.then(() => post("/playground/commands", command, { "X-Connection": connection })).catch((error) => {
      on_events([{ type: "error", about: command.type, run: command.run, message: error.message }]);
    });
  };
  return { send, close: () => source.close() };
}
