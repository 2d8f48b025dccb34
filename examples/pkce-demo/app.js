// Sign a user in and spend his own credits: OAuth PKCE in a page, without a server of its own.
// What must survive the way to the server and back is in sessionStorage: it ends with the tab.

const kept = sessionStorage;
const part = (id) => document.getElementById(id);
const say = (text) => { part("said").textContent = text; };

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

async function post(path, body, headers = {}) {
  const answer = await fetch(`${kept.site}/api/v1${path}`, {
    method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body),
  });
  const document = await answer.json();
  if (!answer.ok) throw new Error(document.error.message);
  return document;
}

async function connect(event) {
  event.preventDefault();
  kept.site = part("site").value.replace(/\/+$/, "");
  kept.verifier = random();
  kept.state = random();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(kept.verifier));
  const asked = new URLSearchParams({
    callback_url: location.origin + location.pathname,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
    state: kept.state,
    key_label: "PKCE demo",
    limit: "1",
  });
  location.assign(`${kept.site}/auth?${asked}`);
}

async function comeBack() {
  const answer = new URLSearchParams(location.search);
  const { verifier, state } = kept;
  // The code leaves the address bar, and nothing here can be done twice.
  history.replaceState(null, "", location.pathname);
  kept.removeItem("verifier");
  kept.removeItem("state");
  if (!state || answer.get("state") !== state) return say("This answer was not asked for.");
  if (!answer.has("code")) return say(`You did not agree: ${answer.get("error")}`);
  const made = await post("/auth/keys", {
    code: answer.get("code"), code_verifier: verifier, code_challenge_method: "S256",
  });
  kept.key = made.key;
  say("Connected.");
}

async function ask(event) {
  event.preventDefault();
  say("Asking ...");
  const answer = await post("/chat/completions", {
    model: "openai/gpt-3.5-turbo", messages: [{ role: "user", content: part("prompt").value }],
  }, { Authorization: `Bearer ${kept.key}`, "X-Title": "PKCE demo" });
  say(answer.choices[0].message.content);
}

function show() {
  part("connect").hidden = Boolean(kept.key);
  part("ask").hidden = !kept.key;
}

const orSay = (action) => (event) => action(event).catch((error) => say(error.message)).then(show);
part("connect").addEventListener("submit", orSay(connect));
part("ask").addEventListener("submit", orSay(ask));
part("forget").addEventListener("click", () => { kept.removeItem("key"); say("Forgotten here. Revoke it on the server too."); show(); });
if (location.search) await orSay(comeBack)();
show();
