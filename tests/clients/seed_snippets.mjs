// The fetch snippets of the seed, as they stand there but for the host.
const OPENROUTER_API_KEY = process.env.OPENROUTER_API_KEY;
const YOUR_SITE_URL = "https://app.example/";
const YOUR_SITE_NAME = "Bob's App";
const HOST = process.env.GATEWAY_URL;

const answers = [];
const originalFetch = globalThis.fetch;
globalThis.fetch = async (...given) => {
  const response = await originalFetch(...given);
  answers.push({ status: response.status, body: await response.clone().json() });
  return response;
};

// Quick Start
await fetch(`${HOST}/api/v1/chat/completions`, {
  method: "POST",
  headers: {
    "Authorization": `Bearer ${OPENROUTER_API_KEY}`,
    "HTTP-Referer": `${YOUR_SITE_URL}`, // Optional, for including your app on openrouter.ai rankings.
    "X-Title": `${YOUR_SITE_NAME}`, // Optional. Shows in rankings on openrouter.ai.
    "Content-Type": "application/json"
  },
  body: JSON.stringify({
    "model": "openai/gpt-3.5-turbo",
    "messages": [
      {"role": "user", "content": "What is the meaning of life?"},
    ],
  })
});

// Provider Routing: Custom Routing, Required Parameters, Data Privacy, Disabling Fallbacks
const extras = [
  { "provider": { "order": [ "Azure", "Together" ] } },
  { "provider": { "require_parameters": true }, "response_format": { "type": "json_object" } },
  { "provider": { "data_collection": "deny" } },
  { "provider": { "allow_fallbacks": false } },
];
for (const extra of extras) {
  await fetch(`${HOST}/api/v1/chat/completions`, {
    method: "POST",
    headers: {
      "Authorization": `Bearer ${OPENROUTER_API_KEY}`,
      "HTTP-Referer": `${YOUR_SITE_URL}`, // Optional, for including your app on openrouter.ai rankings.
      "X-Title": `${YOUR_SITE_NAME}`, // Optional. Shows in rankings on openrouter.ai.
      "Content-Type": "application/json"
    },
    body: JSON.stringify({
      "model": "mistralai/mixtral-8x7b-instruct",
      "messages": [
        {"role": "user", "content": "Hello"},
      ],
      ...extra,
    })
  });
}

// Assistant Prefill
await fetch(`${HOST}/api/v1/chat/completions`, {
  method: "POST",
  headers: {
    "Authorization": `Bearer ${OPENROUTER_API_KEY}`,
    "HTTP-Referer": `${YOUR_SITE_URL}`, // Optional, for including your app on openrouter.ai rankings.
    "X-Title": `${YOUR_SITE_NAME}`, // Optional. Shows in rankings on openrouter.ai.
    "Content-Type": "application/json"
  },
  body: JSON.stringify({
    "model": "mistralai/mixtral-8x7b-instruct",
    "messages": [
      {"role": "user", "content": "Who are you?"},
      {"role": "assistant", "content": "I'm not sure, but my best guess is"},
    ],
  })
});

// OAuth PKCE, step 3
await fetch(`${HOST}/api/v1/chat/completions`, {
  method: "POST",
  headers: {
    "Authorization": `Bearer ${OPENROUTER_API_KEY}`,
    "HTTP-Referer": `${YOUR_SITE_URL}`, // Optional, for including your app on openrouter.ai rankings.
    "X-Title": `${YOUR_SITE_NAME}`, // Optional. Shows in rankings on openrouter.ai.
    "Content-Type": "application/json"
  },
  body: JSON.stringify({
    "model": "mistralai/mixtral-8x7b-instruct",
    "messages": [
      {"role": "system", "content": "You are a helpful assistant."},
      {"role": "user", "content": "Hello!"},
    ],
  })
});

// Model Routing
await fetch(`${HOST}/api/v1/chat/completions`, {
  method: "POST",
  headers: { "Authorization": `Bearer ${OPENROUTER_API_KEY}` },
  body: JSON.stringify({
    "models": ["undi95/toppy-m-7b", "gryphe/mythomax-l2-13b"],
    "route": "fallback",
    "messages": [{"role": "user", "content": "Hello"}],
  })
});

// Querying Cost and Stats
const headers = { "Authorization": `Bearer ${OPENROUTER_API_KEY}` };
const $GENERATION_ID = answers[0].body.id;
const generation = await fetch(
  `${HOST}/api/v1/generation?id=${$GENERATION_ID}`,
  { headers }
)
await generation.json()

// Rate Limits and Credits Remaining
await fetch(`${HOST}/api/v1/auth/key`, {
  method: 'GET',
  headers: {
    Authorization: `Bearer ${OPENROUTER_API_KEY}`,
  },
});

// Token Limits
await fetch(`${HOST}/api/v1/models`, {
  method: 'GET',
  headers: {
    Authorization: `Bearer ${OPENROUTER_API_KEY}`,
  },
});

// Error Handling
const request = await fetch(`${HOST}/api/v1/chat/completions`, {
  method: "POST",
  headers,
  body: JSON.stringify({ "model": "nobody/nothing", "messages": [] }),
});
const response = await request.json();

console.log(JSON.stringify({ answers, status: request.status, message: response.error?.message }));
