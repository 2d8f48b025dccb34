// <x-passkey data-kind="get|create">: asks the browser for a passkey and sends the form that it holds.
// The options are in the page (data-options: an element's id) or at an address (data-fetch).
// Without JavaScript, or where the browser has no passkeys, it stays hidden.
const to_bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));

const to_text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");

const with_bytes = (list) => list?.map((known) => ({ ...known, id: to_bytes(known.id) }));

function readable(options) {
  const found = { ...options, challenge: to_bytes(options.challenge) };
  if (options.user) found.user = { ...options.user, id: to_bytes(options.user.id) };
  if (options.excludeCredentials) found.excludeCredentials = with_bytes(options.excludeCredentials);
  if (options.allowCredentials) found.allowCredentials = with_bytes(options.allowCredentials);
  return found;
}

function sendable(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = to_text(credential.response[name]);
  }
  const transports = credential.response.getTransports?.();
  if (transports) response.transports = transports;
  return {
    id: credential.id,
    rawId: to_text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response,
  };
}

const REASONS = {
  InvalidStateError: "This device has a passkey for this account already.",
  NotAllowedError: "Nothing was confirmed. Try again.",
  SecurityError: "Passkeys do not work at this address. Open the site by its own name.",
};

class Passkey extends HTMLElement {
  connectedCallback() {
    if (!window.PublicKeyCredential || this.ready) return;
    this.ready = true;
    this.form = this.querySelector("form");
    this.button = this.querySelector("button[type=button]");
    this.note = this.querySelector("[role=alert]");
    this.hidden = false;
    this.button.addEventListener("click", () => this.ask());
    // Enter in a field would send the form without a passkey.
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.ask();
    });
  }

  async options() {
    const { options, fetch: address } = this.dataset;
    if (options) return JSON.parse(document.getElementById(options).textContent);
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error("The server did not answer. Wait a minute and try again.");
    return answer.json();
  }

  async credential() {
    const given = await this.options();
    if (this.dataset.kind === "get") {
      return navigator.credentials.get({ publicKey: readable(given.request_options.publicKey) });
    }
    const publicKey = readable(given.creation_options.publicKey);
    const alone = this.form.elements.passwordless?.checked ?? false;
    publicKey.authenticatorSelection = {
      ...publicKey.authenticatorSelection,
      residentKey: alone ? "required" : "discouraged",
      requireResidentKey: alone,
      ...(alone && { userVerification: "required" }),
    };
    return navigator.credentials.create({ publicKey });
  }

  async ask() {
    this.note.hidden = true;
    this.button.disabled = true;
    try {
      this.form.elements.credential.value = JSON.stringify(sendable(await this.credential()));
      this.form.submit();
    } catch (error) {
      this.note.textContent = REASONS[error.name] ?? error.message;
      this.note.hidden = false;
      this.button.disabled = false;
    }
  }
}
customElements.define("x-passkey", Passkey);
