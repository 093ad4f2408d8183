/** What a client needs for each request: of every row of the table, found as the lanes find it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { neededFor } from "../../src/access/rights.ts";
import { NO_CORS } from "../../src/http/answering/cors.ts";
import type { Door } from "../../src/http/lanes/door.ts";
import { createExpressLane } from "../../src/http/lanes/express.ts";
import { createMatcher } from "../../src/http/lanes/matching.ts";
import { createNeeds } from "../../src/http/lanes/needs.ts";
import { resourcesOf } from "../../src/http/lanes/resources.ts";
import { ROUTES } from "../../src/http/routes.ts";
import { ask } from "./ask.ts";

const N32 = "0".repeat(32);
const ID = "0d9b7f3e-7a3c-4f0e-8f52-3a6c1f5a2b11";

type Case = readonly [request: string, path: string, right: string, stream?: string];

/** Requests, the path of the table that takes each, and what it needs. */
// biome-ignore format: a table is read by its columns
const NEEDED: readonly Case[] = [
	["GET /", "/", "read", "$streams"],
	["GET /openapi.json", "/openapi.json", "anyone"],
	["GET /ping", "/ping", "anyone"],
	["GET /info", "/info", "anyone"],
	["GET /gossip", "/gossip", "anyone"],
	["GET /authorize?method=GET&uri=/streams/a", "/authorize", "ask"],
	["GET /info/options", "/info/options", "operate"],
	["GET /log/changes?stream=a", "/log/changes", "ask"],
	["GET /log/checkpoint", "/log/checkpoint", "prove", "$all"],
	["GET /log/key", "/log/key", "anyone"],
	["GET /log/tile/8/0/000", "/log/tile/*tile", "prove", "$all"],
	["GET /health/live", "/health/live", "anyone"],
	["GET /health/ready", "/health/ready", "anyone"],
	["GET /health/leader", "/health/leader", "anyone"],
	["GET /metrics", "/metrics", "monitor", "$all"],
	["GET /stats", "/stats", "monitor", "$all"],
	["GET /stats/recent", "/stats/recent", "monitor", "$all"],
	["GET /stats/replication", "/stats/replication", "monitor", "$all"],
	["GET /stats/tcp", "/stats/tcp", "monitor", "$all"],
	["GET /stats/proc/tcp", "/stats/*path", "monitor", "$all"],
	["GET /sys/subsystems", "/sys/subsystems", "operate"],
	["POST /admin/scavenge", "/admin/scavenge", "operate"],
	["GET /admin/scavenge/current", "/admin/scavenge/current", "operate"],
	["DELETE /admin/scavenge/current", "/admin/scavenge/current", "operate"],
	["GET /admin/scavenge/last", "/admin/scavenge/last", "operate"],
	[`DELETE /admin/scavenge/${ID}`, "/admin/scavenge/:id", "operate"],
	["GET /admin", "/admin", "operate"],
	["GET /admin/backups", "/admin/backups", "operate"],
	["GET /admin/log?level=warn", "/admin/log", "operate"],
	["POST /admin/verification", "/admin/verification", "operate"],
	["GET /admin/verification", "/admin/verification", "operate"],
	["DELETE /admin/verification", "/admin/verification", "operate"],
	["GET /admin/sql?sql=SELECT%201", "/admin/sql", "export"],
	["POST /admin/sql", "/admin/sql", "export"],
	["GET /admin/export?from=0&stream=a", "/admin/export", "export"],
	["GET /admin/import", "/admin/import", "import"],
	["POST /admin/import?from=0", "/admin/import", "import"],

	["GET /users", "/users", "administer"],
	["POST /users", "/users", "administer"],
	["GET /users/", "/users/", "administer"],
	["POST /users/", "/users/", "administer"],
	["GET /users/$current", "/users/$current", "authenticated"],
	["GET /users/%24current", "/users/%24current", "authenticated"],
	["GET /users/a%2Fb", "/users/:id", "administer"],
	["PUT /users/a", "/users/:id", "administer"],
	["DELETE /users/a", "/users/:id", "administer"],
	["POST /users/a/command/enable", "/users/:id/command/enable", "administer"],
	["POST /users/a/command/disable", "/users/:id/command/disable", "administer"],
	["POST /users/a/command/reset-password", "/users/:id/command/reset-password", "administer"],
	["POST /users/a/command/change-password", "/users/:id/command/change-password", "authenticated"],
	["GET /tokens", "/tokens", "authenticated"],
	["POST /tokens", "/tokens", "authenticated"],
	["GET /tokens/a", "/tokens/:id", "authenticated"],
	["DELETE /tokens/a", "/tokens/:id", "authenticated"],
	["POST /tokens/a/command/rotate", "/tokens/:id/command/rotate", "authenticated"],

	["GET /streams/a%2Fb", "/streams/:stream", "read", "a/b"],
	["HEAD /streams/a", "/streams/:stream", "read", "a"],
	["GET /streams/$$a?x=$$b", "/streams/:stream", "read-metadata", "a"],
	["GET /streams/%24%24$ce-a", "/streams/:stream", "read-metadata", "$ce-a"],
	["GET /streams/%24%61ll", "/streams/:stream", "read", "$all"],
	["POST /streams/a", "/streams/:stream", "write", "a"],
	["POST /streams/$$a", "/streams/:stream", "write-metadata", "a"],
	["DELETE /streams/a", "/streams/:stream", "delete", "a"],
	// A request that is sent elsewhere, and asked what it needs there.
	["POST /streams/a/", "/streams/:stream/", "anyone"],
	["DELETE /streams/a/", "/streams/:stream/", "anyone"],
	["GET /streams/a/", "/streams/:stream/", "anyone"],
	["POST /streams/a/metadata/", "/streams/:stream/metadata/", "anyone"],
	["GET /streams/a/metadata/", "/streams/:stream/metadata/", "anyone"],
	["GET /streams/a/metadata", "/streams/:stream/metadata", "read-metadata", "a"],
	["POST /streams/a/metadata", "/streams/:stream/metadata", "write-metadata", "a"],
	["GET /streams/a/metadata/0", "/streams/:stream/metadata/:from", "read-metadata", "a"],
	["GET /streams/a/metadata/0/5", "/streams/:stream/metadata/:from/:count", "read-metadata", "a"],
	["GET /streams/a/metadata/0/forward/5", "/streams/:stream/metadata/:from/forward/:count", "read-metadata", "a"],
	["GET /streams/a/metadata/0/backward/5", "/streams/:stream/metadata/:from/backward/:count", "read-metadata", "a"],
	["GET /streams/a/incoming/5", "/streams/:stream/incoming/:id", "read", "a"],
	[`POST /streams/a/incoming/${ID}`, "/streams/:stream/incoming/:id", "write", "a"],
	[`POST /streams/$$a/incoming/${ID}`, "/streams/:stream/incoming/:id", "write-metadata", "a"],
	["GET /streams/$all/filtered", "/streams/$all/filtered", "read", "$all"],
	["GET /streams/%24all/filtered", "/streams/%24all/filtered", "read", "$all"],
	["GET /web", "/web", "anyone"],
	["GET /web/index.html", "/web/index.html", "anyone"],
	["GET /ui/0a/main.js", "/ui/*file", "anyone"],
	["POST /ui/operations", "/ui/operations", "operate"],
	["POST /ui/subscriptions", "/ui/subscriptions", "operate"],
	["POST /ui/webhooks", "/ui/webhooks", "authenticated"],
	["GET /login", "/login", "anyone"],
	["POST /login", "/login", "anyone"],
	["GET /login/oidc?to=/streams", "/login/oidc", "anyone"],
	["GET /login/callback?code=a&state=b", "/login/callback", "anyone"],
	["POST /logout", "/logout", "anyone"],
	["GET /projections", "/projections", "authenticated"],
	["GET /projections/any", "/projections/any", "authenticated"],
	["GET /projections/all-non-transient", "/projections/all-non-transient", "authenticated"],
	["GET /projections/transient", "/projections/transient", "authenticated"],
	["GET /projections/onetime", "/projections/onetime", "authenticated"],
	["GET /projections/continuous", "/projections/continuous", "authenticated"],
	["POST /projections/transient", "/projections/transient", "authenticated"],
	["POST /projections/onetime", "/projections/onetime", "authenticated"],
	["POST /projections/continuous", "/projections/continuous", "authenticated"],
	["POST /projections/read-events", "/projections/read-events", "authenticated"],
	["POST /projections/steps", "/projections/steps", "authenticated"],
	["POST /projections/restart", "/projections/restart", "operate"],
	["POST /ui/projections", "/ui/projections", "authenticated"],
	["GET /projection/p", "/projection/:id", "authenticated"],
	["DELETE /projection/p", "/projection/:id", "operate"],
	["GET /projection/p/statistics", "/projection/:id/statistics", "authenticated"],
	["GET /projection/p/query", "/projection/:id/query", "authenticated"],
	["PUT /projection/p/query", "/projection/:id/query", "authenticated"],
	["DELETE /projection/p/candidate", "/projection/:id/candidate", "operate"],
	["GET /projection/p/config", "/projection/:id/config", "operate"],
	["PUT /projection/p/config", "/projection/:id/config", "operate"],
	["GET /projection/p/state", "/projection/:id/state", "authenticated"],
	["GET /projection/p/result", "/projection/:id/result", "authenticated"],
	["GET /projection/p/partitions", "/projection/:id/partitions", "authenticated"],
	["GET /projection/p/steps", "/projection/:id/steps", "authenticated"],
	["POST /projection/p/command/enable", "/projection/:id/command/enable", "authenticated"],
	["POST /projection/p/command/disable", "/projection/:id/command/disable", "authenticated"],
	["POST /projection/p/command/abort", "/projection/:id/command/abort", "authenticated"],
	["POST /projection/p/command/reset", "/projection/:id/command/reset", "authenticated"],
	["GET /webhooks", "/webhooks", "authenticated"],
	["GET /webhooks/w", "/webhooks/:id", "authenticated"],
	["PUT /webhooks/w", "/webhooks/:id", "authenticated"],
	["DELETE /webhooks/w", "/webhooks/:id", "authenticated"],
	["GET /webhooks/w/attempts", "/webhooks/:id/attempts", "authenticated"],
	["GET /webhooks/w/parked", "/webhooks/:id/parked", "authenticated"],
	["POST /webhooks/w/command/pause", "/webhooks/:id/command/pause", "authenticated"],
	["POST /webhooks/w/command/resume", "/webhooks/:id/command/resume", "authenticated"],
	["POST /webhooks/w/command/rotate-secret", "/webhooks/:id/command/rotate-secret", "authenticated"],
	["POST /webhooks/w/command/test", "/webhooks/:id/command/test", "authenticated"],
	["POST /webhooks/w/command/replay-parked", "/webhooks/:id/command/replay-parked", "authenticated"],
	["POST /webhooks/w/command/discard-parked", "/webhooks/:id/command/discard-parked", "authenticated"],
	["POST /hub", "/hub", "ask"],
	["GET /hub", "/hub", "operate"],
	["GET /hub/x", "/hub/:id", "operate"],
	["DELETE /hub/x", "/hub/:id", "operate"],
	["POST /ui/hub", "/ui/hub", "operate"],
	["GET /.well-known/varve-webhooks/x/jwks.json", "/.well-known/varve-webhooks/:id/jwks.json", "anyone"],
	["GET /subscriptions", "/subscriptions", "authenticated"],
	["POST /subscriptions/restart", "/subscriptions/restart", "operate"],
	["GET /subscriptions/viewparkedmessages/a/g/0/backward/5", "/subscriptions/viewparkedmessages/:stream/:group/:from/backward/:count", "authenticated"],
	["GET /subscriptions/viewparkedmessages/a/g/0/forward/5", "/subscriptions/viewparkedmessages/:stream/:group/:from/forward/:count", "authenticated"],
	["GET /subscriptions/a", "/subscriptions/:stream", "authenticated"],
	["PUT /subscriptions/a/g", "/subscriptions/:stream/:group", "operate"],
	["POST /subscriptions/a/g", "/subscriptions/:stream/:group", "operate"],
	["DELETE /subscriptions/a/g", "/subscriptions/:stream/:group", "operate"],
	["GET /subscriptions/a/g", "/subscriptions/:stream/:group", "consume", "a"],
	["GET /subscriptions/$$a/g", "/subscriptions/:stream/:group", "read-metadata", "a"],
	["GET /subscriptions/a/g/info", "/subscriptions/:stream/:group/info", "authenticated"],
	["GET /subscriptions/a/g/5", "/subscriptions/:stream/:group/:count", "consume", "a"],
	["GET /subscriptions/a/g/parked", "/subscriptions/:stream/:group/parked", "authenticated"],
	["DELETE /subscriptions/a/g/parked", "/subscriptions/:stream/:group/parked", "operate"],
	["DELETE /subscriptions/a/g/parked/1", "/subscriptions/:stream/:group/parked/:from", "operate"],
	["POST /subscriptions/a/g/reset", "/subscriptions/:stream/:group/reset", "operate"],
	["POST /subscriptions/a/g/5", "/subscriptions/:stream/:group/:count", "consume", "a"],
	["POST /subscriptions/a/g/replayParked", "/subscriptions/:stream/:group/replayParked", "operate"],
	["POST /subscriptions/a/g/ack", "/subscriptions/:stream/:group/ack", "consume", "a"],
	[`POST /subscriptions/a/g/ack/${ID}`, "/subscriptions/:stream/:group/ack/:id", "consume", "a"],
	["POST /subscriptions/a/g/nack", "/subscriptions/:stream/:group/nack", "consume", "a"],
	[`POST /subscriptions/a/g/nack/${ID}`, "/subscriptions/:stream/:group/nack/:id", "consume", "a"],
	["POST /subscriptions/a/g/renew", "/subscriptions/:stream/:group/renew", "consume", "a"],
	[`POST /subscriptions/a/g/renew/${ID}`, "/subscriptions/:stream/:group/renew/:id", "consume", "a"],
	["POST /subscriptions/a/g/release", "/subscriptions/:stream/:group/release", "consume", "a"],
	[`POST /subscriptions/a/g/release/${ID}`, "/subscriptions/:stream/:group/release/:id", "consume", "a"],
	["GET /positions", "/positions", "authenticated"],
	["GET /positions/a", "/positions/:id", "authenticated"],
	["PUT /positions/a", "/positions/:id", "authenticated"],
	["DELETE /positions/a", "/positions/:id", "authenticated"],
	["POST /ui/readers", "/ui/readers", "authenticated"],
	["GET /groups", "/groups", "authenticated"],
	["GET /groups/a", "/groups/:group", "authenticated"],
	["PUT /groups/a", "/groups/:group", "operate"],
	["DELETE /groups/a", "/groups/:group", "operate"],
	["POST /groups/a/reset", "/groups/:group/reset", "operate"],
	["POST /groups/a/members", "/groups/:group/members", "authenticated"],
	["GET /groups/a/members/b", "/groups/:group/members/:id", "authenticated"],
	["POST /groups/a/members/b", "/groups/:group/members/:id", "authenticated"],
	["DELETE /groups/a/members/b", "/groups/:group/members/:id", "authenticated"],
	["GET /search?type=T", "/search", "search"],
	["POST /search", "/search", "authenticated"],
	["GET /streams", "/streams", "read", "$streams"],
	["GET /streams/a/0", "/streams/:stream/:from", "read", "a"],
	["GET /streams/$$a/0", "/streams/:stream/:from", "read-metadata", "a"],
	["GET /streams/a/at/2026-03-01T14:00:00Z", "/streams/:stream/at/:time", "read", "a"],
	["DELETE /streams/a/0/data", "/streams/:stream/:from/data", "redact", "a"],
	["DELETE /streams/$$a/0/data", "/streams/:stream/:from/data", "redact", "a"],
	["GET /streams/a/0/5", "/streams/:stream/:from/:count", "read", "a"],
	["GET /streams/a/0/forward/5", "/streams/:stream/:from/forward/:count", "read", "a"],
	["GET /streams/$$a/0/forward/5", "/streams/:stream/:from/forward/:count", "read-metadata", "a"],
	["GET /streams/a/0/backward/5", "/streams/:stream/:from/backward/:count", "read", "a"],
	[`GET /streams/$all/filtered/${N32}/5`, "/streams/$all/filtered/:from/:count", "read", "$all"],
	[`GET /streams/%24all/filtered/${N32}/5`, "/streams/%24all/filtered/:from/:count", "read", "$all"],
	[`GET /streams/$all/filtered/${N32}/forward/5`, "/streams/$all/filtered/:from/forward/:count", "read", "$all"],
	[`GET /streams/%24all/filtered/${N32}/forward/5`, "/streams/%24all/filtered/:from/forward/:count", "read", "$all"],
	["GET /streams/$all/filtered/head/backward/5", "/streams/$all/filtered/:from/backward/:count", "read", "$all"],
	["GET /streams/%24all/filtered/head/backward/5", "/streams/%24all/filtered/:from/backward/:count", "read", "$all"],
	["GET /streams/$scavenges/$&/0/5", "/streams/$scavenges/:id/:from/:count", "read", "$scavenges-$&"],
	[`GET /streams/%24scavenges/${ID}/0/5`, "/streams/%24scavenges/:id/:from/:count", "read", `$scavenges-${ID}`],
];

const resources = resourcesOf(ROUTES, () => NO_CORS);
const neededBy = createNeeds(ROUTES);

/** Says what it would ask for, instead of answering. */
const door: Pick<Door, "take" | "refuse"> = {
	take(req, res, { resource, target }) {
		const route = resource.routes.get(req.method ?? "");
		const needed = route && { path: route.path, ...neededFor(route, target) };
		res.setHeader("needed", JSON.stringify(needed ?? "no route")).end();
	},
	refuse: (_req, res) => res.setHeader("needed", "no resource").end(),
};
const server = createServer(createExpressLane(door as Door, resources));
beforeAll(() => new Promise<void>((done) => server.listen(0, "127.0.0.1", done)));
afterAll(() => new Promise((done) => server.close(done)));

test.each(NEEDED.map(([request, path, right, stream]) => ({ request, path, right, stream })))(
	"$request needs the right $right",
	async ({ request, path, right, stream }) => {
		const [method = "", url = ""] = request.split(" ");
		const { headers } = await ask((server.address() as AddressInfo).port, { method, path: url });
		expect(JSON.parse(String(headers.needed))).toEqual({ path, right, stream });
		const hot = createMatcher(resources)(method, url);
		const route = hot?.resource.routes.get(method);
		if (hot && route) expect(neededFor(route, hot.target)).toEqual({ right, stream });
		// A cache that asks about a request is told the same, of all that it might keep.
		const needed = neededBy(method, url);
		const isKept = hot && path.startsWith("/streams/");
		if (needed || isKept) expect(needed).toEqual({ right, stream });
	},
);

test("each row of the table has its request here", () => {
	const asked = NEEDED.map(([request, path]) => `${request.split(" ")[0]} ${path}`);
	const rows = ROUTES.map(({ method, path }) => `${method} ${path}`);
	expect(rows.filter((row) => !asked.includes(row))).toEqual([]);
});
