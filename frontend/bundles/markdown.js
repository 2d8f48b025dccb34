export { default as createDOMPurify } from "dompurify";
export { Marked } from "marked";
export { default as remend } from "remend";
