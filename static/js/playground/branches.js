// The messages of a pane are a tree. What one sees is the path from its root to a leaf; where a
// question was edited or an answer made anew, the path has siblings. All pure.

// Of those with the same moment, the one that came later in the list.
const older_first = (one, other) => (one.created_at < other.created_at ? -1 : one.created_at > other.created_at ? 1 : 0);

export function path(messages, leaf) {
  const found = [];
  for (let at = messages.get(leaf); at; at = messages.get(at.parent)) found.unshift(at);
  return found;
}

export function children(messages, pane, parent) {
  const found = [];
  for (const each of messages.values()) {
    if (each.pane === pane && (each.parent ?? null) === parent) found.push(each);
  }
  return found.sort(older_first);
}

export const siblings = (messages, message) => children(messages, message.pane, message.parent ?? null);

// Down the newest branch from here.
export function deepest(messages, message) {
  for (let at = message; ; ) {
    const below = children(messages, at.pane, at.id).at(-1);
    if (!below) return at;
    at = below;
  }
}

// Where a pane stands that does not say: at the end of the newest branch.
export function newest_leaf(messages, pane) {
  const first = children(messages, pane, null).at(-1);
  return first ? deepest(messages, first).id : null;
}

export const text_of = (content) =>
  typeof content === "string"
    ? content
    : (content ?? []).filter((part) => part.type === "text").map((part) => part.text).join("\n");

export const images_of = (content) =>
  typeof content === "string" ? [] : (content ?? []).filter((part) => part.type === "image_url").map((part) => part.image_url.url);
