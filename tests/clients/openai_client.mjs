// The official client as a program writes it: a line of JSON for each thing that happened.
import OpenAI from "openai";

const baseURL = process.env.GATEWAY_URL + "/api/v1";
const options = { baseURL, maxRetries: 0, timeout: 20_000 };
const client = new OpenAI({
  ...options,
  apiKey: process.env.OPENROUTER_API_KEY,
  defaultHeaders: { "HTTP-Referer": "https://app.example/", "X-Title": "Bob's App" },
});
const model = "openai/gpt-3.5-turbo";
const say = (content) => [{ role: "user", content }];
const tell = (what, value) => console.log(JSON.stringify({ what, value }));

const completion = await client.chat.completions.create({
  model,
  messages: say("[[say: This is a test]]"),
});
tell("completion", completion);

let text = "";
let last;
for await (const chunk of await client.chat.completions.create({
  model,
  messages: say("[[say: This is a stream]]"),
  stream: true,
})) {
  text += chunk.choices[0]?.delta?.content ?? "";
  last = chunk;
}
tell("stream", { text, usage: last.usage });

const runner = client.chat.completions.stream({
  model: "openai/gpt-4o",
  messages: say("What is the weather in Paris?"),
  tools: [
    {
      type: "function",
      function: {
        name: "get_weather",
        parameters: {
          type: "object",
          properties: { city: { type: "string" } },
          required: ["city"],
        },
      },
    },
  ],
});
tell("tools", (await runner.finalChatCompletion()).choices[0].message.tool_calls);

const controller = new AbortController();
let chunks = 0;
const stream = await client.chat.completions.create(
  { model, messages: say(process.env.MARKER + " [[simulate tokens=4000 tps=100]]"), stream: true },
  { signal: controller.signal },
);
for await (const chunk of stream) {
  chunks += chunk.choices.length;
  if (chunks === 5) controller.abort();
}
tell("aborted", chunks);

const failures = [
  ["401", new OpenAI({ ...options, apiKey: "sk-or-v1-wrong" }), { model, messages: say("hi") }],
  ["400", client, { model: "nobody/nothing", messages: say("hi") }],
  ["402", client, { model: "openai/gpt-4-32k", messages: say("hi"), max_tokens: 4000 }],
  ["429", client, { model, messages: say("[[simulate status=429 retry_after=3]]") }],
  ["502", client, { model, messages: say("[[simulate status=500]]"), stream: true }],
];
for (const [status, asker, body] of failures) {
  try {
    await asker.chat.completions.create(body);
    tell(status, null);
  } catch (error) {
    const { name, constructor, status: seen, code, message, headers } = error;
    tell(status, {
      name: constructor.name ?? name,
      status: seen,
      code,
      message,
      retry_after: headers?.get("retry-after"),
    });
  }
}

try {
  for await (const chunk of await client.chat.completions.create({
    model,
    messages: say("[[simulate error_after=5]]"),
    stream: true,
  })) {
    tell("before", chunk.choices[0]?.delta?.content);
  }
  tell("broken", null);
} catch (error) {
  tell("broken", error.constructor.name);
}
