// Requests to our own server, as JSON; what it refuses is an Error that says why.
const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

async function answer_of(response) {
  const is_json = response.headers.get("Content-Type")?.includes("json");
  const found = is_json ? await response.json() : null;
  if (response.ok) return found;
  const error = new Error(found?.error?.message ?? `The server answered ${response.status}.`);
  error.status = response.status;
  throw error;
}

async function ask(address, options) {
  let response;
  try {
    response = await fetch(address, options);
  } catch {
    throw new Error("The server cannot be reached. Check the connection and try again.");
  }
  return answer_of(response);
}

export const get = (address) => ask(address, { headers: { Accept: "application/json" } });

export function post(address, body = {}, more = {}) {
  const headers = { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token(), ...more };
  return ask(address, { method: "POST", headers, body: JSON.stringify(body) });
}

export function post_file(address, file) {
  const headers = { "Content-Type": file.type, "X-CSRFToken": token() };
  return ask(address, { method: "POST", headers, body: file });
}
