// The tree, and not only the element: an element comes with style attributes, which our policy refuses.
import katex from "katex";

export const tree_of = katex.__renderToDomTree;
