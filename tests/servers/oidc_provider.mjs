// A real OpenID Connect provider (npm oidc-provider) for the tests, on loopback. Its people and its one client come in
// as JSON on standard input; who logs in is chosen in a form, since passwords there are not what is tried here.
import http from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { modules, port, client, people } = JSON.parse(readFileSync(0, 'utf8'));
const { Provider } = await import(pathToFileURL(join(modules, 'oidc-provider', 'lib', 'index.js')));

const page = (text) => `<!doctype html><html lang="nl"><title>Inlogdienst (oefening)</title>${text}`;

// Its own page brings letters from elsewhere along, and nothing here reaches beyond this machine.
async function logoutSource(ctx, form) {
  ctx.body = page(`${form}<button form="op.logoutForm" name="logout" value="yes">uitloggen</button>`);
}

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ grant_types: ['authorization_code'], response_types: ['code'], ...client }],
  scopes: ['openid', 'email', 'profile'],
  claims: { openid: ['sub', 'acr', 'amr'], email: ['email', 'email_verified'], profile: ['name', 'groups', 'hasgroups'] },
  cookies: { keys: ['oefening'] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true, logoutSource } },
  interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
  async findAccount(ctx, id) {
    if (!people[id]) return undefined;
    const { amr, acr, ...claims } = people[id];
    return { accountId: id, claims: async () => ({ sub: id, ...claims }) };
  },
  // who logs in has agreed: the organisation did that for them
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});

const answer = provider.callback();

http.createServer(async (request, response) => {
  const found = /^\/interaction\/[\w-]+$/.test(request.url);
  if (request.url === '/favicon.ico') return response.writeHead(204).end();
  if (!found) return answer(request, response);
  if (request.method === 'GET') {
    const choices = Object.keys(people).map((id) => `<button name="who" value="${id}">${id}</button>`);
    response.setHeader('content-type', 'text/html');
    return response.end(page(`<form method="post">${choices.join('')}<button name="who" value="">stop</button></form>`));
  }
  let body = '';
  for await (const piece of request) body += piece;
  const id = new URLSearchParams(body).get('who');
  const { amr, acr } = people[id] ?? {};
  const result = id
    ? { login: { accountId: id, amr, acr } }
    : { error: 'access_denied', error_description: 'stopped' };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}).listen(port, '127.0.0.1', () => console.log('ready'));
