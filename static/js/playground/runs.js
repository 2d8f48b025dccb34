// What an event of a run does to its message. Pure: the same events give the same message, and an
// event that was heard before does nothing.

export const ENDED = new Set(["done", "stopped", "failed", "lost"]);
export const is_running = (message) => message.state === "running";

export function new_run({ id, parent, pane, model }) {
  return {
    id, parent, pane, model, asked: model, role: "assistant", state: "running", sequence: 0, message: { content: "" }, provider: "",
    generation: "", cost: null, figures: {}, error: null, created_at: new Date().toISOString(), live: { status: "queued" }, saw_start: true,
  };
}

export function as_tool_calls(calls) {
  return calls.map((call) => ({
    id: call.id, type: "function", function: { name: call.name ?? "", arguments: call.arguments ?? "" },
  }));
}

// Of what the server keeps; what runs there is taken up where its text ends.
export function kept(message) {
  const found = { figures: {}, ...message, message: { content: "", ...message.message } };
  if (is_running(found)) found.live = { status: found.message.content ? "streaming" : "connecting" };
  return found;
}

const CHANGES = {
  "run.accepted"(message, event) {
    message.live.is_accepted = true;
    if (event.started_at) message.live.started_at = Date.parse(event.started_at);
  },
  "run.route"(message, event) {
    message.provider = event.provider;
    message.live = { ...message.live, status: "connecting", provider: event.provider, attempt: event.attempt, since: Date.now() };
  },
  "run.processing"(message, event) {
    if (message.live.status === "streaming") return;
    message.live = { ...message.live, status: "processing", since: Date.now() - 1000 * event.elapsed_s };
  },
  "run.delta"(message, event) {
    message.message.content += event.text;
    message.live.status = "streaming";
    message.live.first_at ??= Date.now();
  },
  "run.reasoning"(message, event) {
    message.message.reasoning = (message.message.reasoning ?? "") + event.text;
    message.live.status = "streaming";
    message.live.first_at ??= Date.now();
  },
  "run.tool"(message, event) {
    message.message.tool_calls = as_tool_calls(event.calls);
    message.live.status = "streaming";
  },
  "run.snapshot"(message, event) {
    Object.assign(message, kept({ ...event.message, id: message.id }), { sequence: event.seq });
  },
  "run.done"(message, event) {
    const { state, finish, generation, provider, model, cost, usage, ttft_ms, duration_ms, tokens_per_second } = event;
    Object.assign(message, { state, generation, cost, error: event.error ?? null });
    if (provider) message.provider = provider;
    if (model) message.model = model;
    const { attempts, cancelled, objects } = event;
    message.figures = { finish, usage, ttft_ms, duration_ms, tokens_per_second, attempts, cancelled, objects };
    delete message.live;
  },
};

// Whether it changed anything.
export function apply(message, event) {
  const change = CHANGES[event.type];
  if (!change || (ENDED.has(message.state) && event.type !== "run.snapshot")) return false;
  const was_heard = event.seq !== undefined && event.seq <= message.sequence;
  if (was_heard && event.type !== "run.snapshot" && event.type !== "run.accepted") return false;
  message.live ??= { status: "connecting" };
  message.live.heard_at = Date.now();
  change(message, event);
  if (event.seq !== undefined) message.sequence = Math.max(message.sequence, event.seq);
  return true;
}

// The answer that was refused before it began.
export function refuse(message, text, code = null) {
  message.state = "failed";
  message.error = { code, message: text, metadata: {} };
  message.cost = "0";
  delete message.live;
}
