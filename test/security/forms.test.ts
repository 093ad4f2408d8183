/** Forms of the admin UI, sent by pages that this server did not give. */
import { createScreens } from "../../admin/index.ts";
import { takesForms } from "../../src/http/answering/screens/show.ts";
import { ROUTES } from "../../src/http/routes.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { Browser, SETTINGS } from "./person.ts";

let servers: Servers;
let admin: Browser;
beforeAll(async () => {
	servers = await startServers(SETTINGS, createScreens());
	admin = new Browser(servers);
	await admin.logIn();
});
afterAll(() => servers.close());

const TAKING = ROUTES.filter(({ method, path }) => method === "POST" && takesForms(path)).map(
	({ path }) => path.replace(/[:*]\w+/g, "x"),
);

test("there is a form for each part of the UI that changes something", () => {
	const parts = ["operations", "subscriptions", "webhooks", "projections", "readers"];
	const paths = ["/users", "/tokens", "/login", "/logout", "/streams/x"];
	expect(TAKING).toEqual(expect.arrayContaining([...paths, ...parts.map((part) => `/ui/${part}`)]));
});

test.each(TAKING)("a form to %s without the token of its page does nothing", async (path) => {
	await admin.open("/users");
	const before = await servers.log.last("$all" as never);
	const { status, text } = await admin.send(path, { _token: "of another page", action: "delete" });
	expect([status, text]).toEqual([403, expect.stringContaining("Form not ours")]);
	expect(await servers.log.last("$all" as never)).toBe(before);
});
