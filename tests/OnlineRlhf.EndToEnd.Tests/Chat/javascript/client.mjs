// OpenAI's own library for JavaScript: node client.mjs SOCKET on the daemon's Unix socket, node client.mjs URL KEY over TCP.
// It says what it did, a line each.
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { Agent, fetch } from 'undici';

const [where, key] = process.argv.slice(2);
const dispatcher = new Agent(key ? {} : { connect: { socketPath: where } });
const options = { apiKey: key ?? 'none', baseURL: key ? where : 'http://localhost/v1', fetch, fetchOptions: { dispatcher } };
const client = new OpenAI({ ...options, maxRetries: 0 });
const model = 'onlinerlhf:javascript';
const question = { role: 'user', content: 'How do I boil an egg?' };

assert.ok((await client.models.list()).data.some(m => m.id === 'onlinerlhf'));
console.log('lists models');

const answer = await client.chat.completions.create({ model, messages: [question] });
assert.equal(answer.choices[0].finish_reason, 'stop');
assert.ok(answer.choices[0].message.content.length > 0);
assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
console.log('chats');

const stream = client.chat.completions.stream({
  model, messages: [question, answer.choices[0].message, { role: 'user', content: 'And how do I bake bread?' }],
  stream_options: { include_usage: true },
});
let parts = 0;
stream.on('content', () => parts++);
const streamed = await stream.finalChatCompletion();
assert.ok(parts > 1 && streamed.choices[0].message.content.length > 0);
assert.equal(streamed.choices[0].finish_reason, 'stop');
assert.ok(streamed.usage.completion_tokens > 0);
console.log('streams a further turn');

const learned = async () => {
  const response = await fetch(options.baseURL.replace('/v1', '/metrics'), { dispatcher, headers: { Authorization: `Bearer ${options.apiKey}` } });
  return Number(/^onlinerlhf_comparisons_talk_total (\d+)$/m.exec(await response.text())[1]);
};
const story = { role: 'user', content: 'Tell me a story about a fox.' };
const before = await learned();
const first = await client.chat.completions.create({ model, messages: [story] });
const other = await client.chat.completions.create({ model, messages: [story] });
assert.notEqual(first.choices[0].message.content, other.choices[0].message.content);
await client.chat.completions.create({ model, messages: [story, first.choices[0].message, { role: 'user', content: 'Go on.' }] });
assert.equal(await learned(), before + 1);
console.log('regenerates and goes back');

const again = await client.chat.completions.create({ model, messages: [question], n: 2 });
assert.equal(again.choices.length, 2);
console.log('gets two answers');

await assert.rejects(
  client.chat.completions.create({ model, messages: [question], response_format: { type: 'json_object' } }),
  e => e instanceof OpenAI.BadRequestError && e.param === 'response_format');
await assert.rejects(client.models.retrieve('gpt-4o'), e => e instanceof OpenAI.NotFoundError && e.code === 'model_not_found');
console.log('reads errors');

if (key) {
  // The library tries again twice where the server lets it.
  let requests = 0;
  const counted = (...sent) => { requests++; return fetch(...sent); };
  await assert.rejects(new OpenAI({ ...options, apiKey: 'sk-wrong', fetch: counted }).models.list(),
    e => e instanceof OpenAI.AuthenticationError && e.code === 'invalid_api_key');
  assert.equal(requests, 1);
  console.log('knows a wrong key');
}
await dispatcher.close();
