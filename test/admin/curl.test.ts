/**
 * The commands of the pages, run in a shell as they are shown, where a stranger may read nothing:
 * each gets what its page shows. The visitor has a name that a shell could take for much else.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ADMIN, as, basic, PASSWORD } from "../accounts/asking.ts";
import { get } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { Asker, COUNTER } from "../http/projections/asker.ts";
import { HOSTILE, screens } from "./browser.ts";

const LOGIN = `it's 100% \\"$HOME" \u202e\`id\``;
const OWN = basic(LOGIN, PASSWORD);
const STREAM = `${HOSTILE.turned} 'a' $(id) [1-3]{a,b}`;
const PATH = `/streams/${encodeURIComponent(STREAM)}`;
const GROUP = `"><svg>\u202e`;
const SUBSCRIPTION = `/subscriptions/${encodeURIComponent(STREAM)}/${encodeURIComponent(GROUP)}`;
const of = encodeURIComponent;

let servers: Servers;
const directory = mkdtempSync(join(tmpdir(), "varve-curl-"));
beforeAll(async () => {
	writeFileSync(join(directory, "query.js"), COUNTER);
	const settings = { insecure: false, hub: true, pushAllow: "127.0.0.1" };
	servers = await startServers(settings, screens());
	for (const loginName of [LOGIN, "ann"]) {
		const user = { loginName, fullName: "", groups: ["$admins"], password: PASSWORD };
		await made("POST /users", user, ADMIN);
	}
	const asker = new Asker(servers, OWN);
	await asker.append(STREAM, HOSTILE.type, { total: 12 }, { total: 13 }, { total: 14 });
	await asker.append("order-1", "OrderPlaced", { total: 12 });
	await asker.append("gone-1", "OrderPlaced", {});
	const described = { $maxCount: 10, note: "it's 100% \u202e\\" };
	await asker.append(`$$${STREAM}`, "$metadata", described);
	await made(`PUT ${SUBSCRIPTION}`, {});
	await made("PUT /groups/search", { stream: STREAM, partitions: 2 });
	await made("PUT /positions/search", { stream: STREAM, at: 1 });
	await made("PUT /webhooks/bill", { stream: STREAM, url: "http://127.0.0.1:9/" });
	await made("POST /tokens", { name: "mine" });
	await asker.made("a 'view'", COUNTER);
});
afterAll(async () => {
	rmSync(directory, { recursive: true });
	await servers?.close();
});

async function made(line: string, body: object, by = OWN): Promise<void> {
	const { status, text } = await servers.ask(as(by, line, body));
	if (status >= 300) throw new Error(`${line}: ${status} ${text}`);
}

type Shown = { readonly id: string; readonly command: string };

/** The commands of a page, as its button copies them. */
async function commandsOf(path: string, by = OWN, at = servers): Promise<Shown[]> {
	const { text } = await at.ask(get(path, "text/html", { Authorization: by }));
	const shown = text.matchAll(/<pre id="(curl[\w-]*)-line"[^>]*>([\s\S]*?)<\/pre>/g);
	return Array.from(shown, ([, id = "", html = ""]) => ({ id, command: plain(html) }));
}

function plain(html: string): string {
	// What is unseen would stand there as a mark, which no shell takes for the character.
	expect(html).not.toContain("<");
	const entities = { "&#39;": "'", "&quot;": '"', "&lt;": "<", "&gt;": ">", "&amp;": "&" };
	return Object.entries(entities).reduce((all, [a, b]) => all.replaceAll(a, b), html);
}

/** Runs a command as it is shown, but for the password, which curl would ask for. */
async function run(command: string, env = {}): Promise<{ status: string; text: string }> {
	const answered = command.replace(/(--user [^:]+?)( \\$|$)/m, `$1:${PASSWORD}$2`);
	const line = `${answered} \\\n  -s -m 20 -w '\\n%{http_code}'`;
	const options = { cwd: directory, env: { ...process.env, ...env } };
	const { stdout } = await promisify(execFile)("sh", ["-c", line], options);
	const at = stdout.lastIndexOf("\n");
	return { status: stdout.slice(at + 1), text: stdout.slice(0, at) };
}

/** A page of each kind, and a word that it shows. */
const PAGES: readonly (readonly [path: string, word: string])[] = [
	["/", "a 'view'"],
	["/?chart=reads", "a 'view'"],
	["/admin", '"incarnation"'],
	[`/admin/sql?sql=${of("SELECT stream FROM events\nWHERE type <> 'it''s'")}`, "order-1"],
	["/admin/sql", "OrderPlaced"],
	["/streams", "order-1"],
	["/streams?contains=txt.exe", "txt.exe"],
	["/streams?prefix=%24et-", "$et-OrderPlaced"],
	["/search", "OrderPlaced"],
	["/search?stream=order-*&path=%24.total&is=ge&value=12", '"total":12'],
	[`/search?type=${of(HOSTILE.type)}`, '"total":14'],
	["/search?by=query", '"count"'],
	[PATH, '"total":14'],
	[`${PATH}?open=1`, '"total":13'],
	[`${PATH}?type=${of(HOSTILE.type)}`, '"total":14'],
	[`${PATH}/1/backward/2`, '"total":12'],
	[`${PATH}/0`, '"total":12'],
	[`${PATH}/metadata`, "$maxCount"],
	[`${PATH}?as-of=1`, '"total"'],
	["/streams/%24all", "a 'view'"],
	["/streams/%24all?as-of=@3", '"position":3'],
	["/streams/%24ce-order", '"total":12'],
	["/subscriptions", "txt.exe"],
	[`/subscriptions/${of(STREAM)}`, "txt.exe"],
	[SUBSCRIPTION, "txt.exe"],
	["/projections", "a 'view'"],
	[`/projection/${of("a 'view'")}`, "a 'view'"],
	[`/projection/${of("a 'view'")}/steps?from=0`, '"count"'],
	["/groups", "search"],
	["/groups/search", "partitions"],
	["/positions", "search"],
	["/webhooks", "127.0.0.1:9"],
	["/webhooks/bill", "127.0.0.1:9"],
	["/hub", "["],
	["/users", "ops"],
	["/tokens", "mine"],
	["/login?to=%2Fstreams", "order-1"],
	[`${PATH}/99`, "event-not-found"],
	["/search?path=%24.a%5B&value=[1-3]{a,b}", "malformed-query"],
];

test.each(PAGES)("%s: the first command gets it, and the others are taken", async (path, word) => {
	const [first, ...others] = await commandsOf(path);
	if (first === undefined) throw new Error("the page shows no command");
	expect(first.command).toContain(path.startsWith("/login") ? "--user LOGIN" : "--user ");
	const command = first.command.replace("--user LOGIN", "--user ann");
	const { status, text } = await run(command);
	const isRefusal = /^(event-not|malformed)/.test(word);
	expect([command, status]).toEqual([command, expect.stringMatching(isRefusal ? /^4/ : /^200/)]);
	expect(text).toContain(word);
	for (const { command: other } of others) expect((await run(other)).status).toMatch(/^20[01]$/);
});

test.each(["redact", "truncate", "delete"])(
	"the form of a %s: its command does it",
	async (deed) => {
		const path = deed === "redact" ? `${PATH}/0` : PATH;
		for (const { command } of await commandsOf(`${path}?deed=${deed}`)) {
			expect((await run(command)).status).toMatch(/^20[14]$/);
		}
	},
);

test("with a token, the command takes it from a variable", async () => {
	const body = { name: "pages" };
	const { text } = await servers.ask(as(OWN, "POST /tokens", body));
	const { token } = JSON.parse(text) as { token: string };
	const [first] = await commandsOf("/streams/order-1", `Bearer ${token}`);
	expect(first?.command).not.toContain(token);
	const { status, text: got } = await run(String(first?.command), { VARVE_TOKEN: token });
	expect([status, got]).toEqual(["200", expect.stringContaining('"total":12')]);
});

test("an empty store has the command of its first event; nobody is named who is not logged in", async () => {
	const empty = await startServers({ insecure: false }, screens());
	const { text } = await empty.ask(get("/streams", "text/html"));
	expect(text).toContain('id="curl-line"');
	expect(text).not.toContain("--user");
	const [first] = await commandsOf("/", ADMIN, empty);
	expect(first?.command).toContain("--user admin ");
	const command = String(first?.command).replace("--user admin", "--user admin:changeit");
	expect((await run(command)).status).toBe("201");
	await empty.close();
});
