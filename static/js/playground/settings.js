// What a chat is set to: its shape, and panes that are made for it.
export const VERSION = 1;

const PANE = {
  parameters: {}, system: null, prefill: "", provider: {}, models: [], transforms: null, json: false, muted: false, leaf: null,
};

export function new_pane(panes, model, like = {}) {
  const taken = new Set(panes.map((pane) => pane.id));
  let number = 1;
  while (taken.has(`p${number}`)) number += 1;
  return { ...structuredClone({ ...PANE, ...like }), id: `p${number}`, model };
}

// With everything it needs, whatever an older page kept.
export function complete(given) {
  const found = { version: VERSION, system: "", tools: [], blind: false, panes: [], ...given };
  found.panes = (Array.isArray(found.panes) ? found.panes : [])
    .filter((pane) => pane && typeof pane.model === "string")
    .map((pane) => ({ ...structuredClone(PANE), ...pane }));
  return found;
}

// Of a chat that was kept; whose panes are not known has those in which something was said.
export function complete_for(messages, given) {
  const found = complete(given);
  if (found.panes.length) return found;
  for (const { pane: id, model } of messages) {
    const known = found.panes.find((pane) => pane.id === id);
    if (!known) found.panes.push({ ...structuredClone(PANE), id, model: model ?? "" });
    else if (model) known.model = model;
  }
  return found;
}

// For the next new chat: the same panes, where nothing was said yet.
export function without_history(settings) {
  return { ...structuredClone(settings), panes: settings.panes.map((pane) => ({ ...structuredClone(pane), leaf: null })) };
}

export function with_models(ids) {
  const panes = [];
  for (const id of ids) panes.push(new_pane(panes, id));
  return complete({ panes });
}

// What of a pane differs from the defaults, in short words for its chip.
export function differences(pane) {
  const found = Object.entries(pane.parameters).map(([name, value]) =>
    typeof value === "object" ? name : `${name} ${value}`);
  if (pane.json) found.push("JSON");
  if (pane.system !== null) found.push("own system prompt");
  if (pane.prefill) found.push("prefill");
  if (Object.keys(pane.provider).length) found.push("provider");
  if (pane.models.length) found.push(`${pane.models.length} ${pane.models.length === 1 ? "fallback" : "fallbacks"}`);
  if (pane.transforms !== null) found.push(pane.transforms.length ? "middle-out" : "no transforms");
  return found;
}
