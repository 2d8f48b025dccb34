// <x-echo data-path="/ws/echo">: opens a WebSocket the way the browser came, and says how it went.
const PATIENCE_MS = 5000;
const REASONS = {
  1006: "the connection broke before it was open: the proxy does not pass Upgrade and Connection on, or nobody listens",
  4401: "the server did not know your session: its cookie did not arrive",
  4403: "the server takes this page for another site's: SITE_URL or the Host header of the proxy is wrong",
};

function try_out(path) {
  return new Promise((resolve) => {
    const began = performance.now();
    const word = crypto.getRandomValues(new Uint32Array(2)).join("-");
    const socket = new WebSocket(`${location.protocol.replace("http", "ws")}//${location.host}${path}`);
    const end = (fine, text) => {
      clearTimeout(timer);
      socket.onclose = null;
      socket.close();
      resolve([fine, text]);
    };
    const timer = setTimeout(() => end(false, "nothing came back within five seconds"), PATIENCE_MS);
    socket.onopen = () => socket.send(word);
    socket.onmessage = ({ data }) => {
      const ms = Math.round(performance.now() - began);
      end(data === word, data === word ? `your browser's echo came back in ${ms} ms` : "what came back was something else");
    };
    socket.onclose = ({ code }) => end(false, REASONS[code] ?? `it was closed with code ${code}`);
  });
}

class Echo extends HTMLElement {
  async connectedCallback() {
    const text = this.querySelector("[data-text]");
    const mark = this.querySelector(".badge");
    const [fine, said] = await try_out(this.dataset.path);
    mark.className = `badge badge-dot badge-${fine ? "ok" : "bad"}`;
    mark.textContent = fine ? "OK" : "Bad";
    text.textContent = `From here: ${said}.`;
    this.dataset.state = fine ? "ok" : "bad";
  }
}
customElements.define("x-echo", Echo);
