// The body of a request as a program: curl, Python, TypeScript.
const indent = (text, by) => text.replaceAll("\n", `\n${" ".repeat(by)}`);
const shell_quoted = (text) => text.replaceAll("'", "'\\''");

// JSON is Python but for three words, which must not be replaced inside of texts.
function python(value, depth = 0) {
  const pad = "    ".repeat(depth + 1);
  const end = "    ".repeat(depth);
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const is_list = Array.isArray(value);
  const items = is_list ? value.map((each) => python(each, depth + 1)) : Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}: ${python(each, depth + 1)}`);
  if (!items.length) return is_list ? "[]" : "{}";
  const [open, close] = is_list ? "[]" : "{}";
  return `${open}\n${items.map((item) => `${pad}${item},\n`).join("")}${end}${close}`;
}

export const LANGUAGES = ["curl", "Python", "TypeScript"];

export function snippet(language, address, body) {
  const json = JSON.stringify(body, null, 2);
  if (language === "curl") {
    return `curl ${address} \\\n  -H "Authorization: Bearer $OPENROUTER_API_KEY" \\\n  -H "Content-Type: application/json" \\\n  -d '${shell_quoted(json)}'`;
  }
  if (language === "Python") {
    const read = body.stream ? "for line in response.iter_lines(decode_unicode=True):\n    print(line)" : "print(response.json())";
    return `import os\nimport requests\n\nresponse = requests.post(\n    "${address}",\n    headers={"Authorization": f"Bearer {os.environ['OPENROUTER_API_KEY']}"},\n    json=${indent(python(body), 4)},\n    stream=${body.stream ? "True" : "False"},\n)\nresponse.raise_for_status()\n${read}`;
  }
  const read = body.stream
    ? "for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {\n  process.stdout.write(chunk);\n}"
    : "console.log(await response.json());";
  return `const response = await fetch("${address}", {\n  method: "POST",\n  headers: {\n    Authorization: \`Bearer \${process.env.OPENROUTER_API_KEY}\`,\n    "Content-Type": "application/json",\n  },\n  body: JSON.stringify(${indent(json, 2)}),\n});\n${read}`;
}
