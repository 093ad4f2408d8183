/** The forms of a page as programs send them, and the pages as those see them who may not. */
import { get, type Reply } from "../http/ask.ts";
import { type Servers, startServers } from "../http/harness.ts";
import { screens } from "./browser.ts";

export const page = (path: string) => get(path, "text/html");

export class Forms {
	readonly #servers: () => Servers;
	readonly #page: string;
	readonly #path: string;

	/**
	 * @param page the path of the page that the forms are on
	 * @param path where they are sent
	 */
	constructor(servers: () => Servers, page: string, path: string) {
		this.#servers = servers;
		this.#page = page;
		this.#path = path;
	}

	/** Without the token of the page, unless it is among the fields. */
	post(fields: Record<string, string>, more = {}): Promise<Reply> {
		return this.#servers().ask({
			method: "POST",
			path: this.#path,
			headers: { "Content-Type": "application/x-www-form-urlencoded", ...more },
			body: String(new URLSearchParams(fields)),
		});
	}

	/** As a browser does: with the token of the page, and the cookie that belongs to it. */
	async send(fields: Record<string, string>): Promise<Reply> {
		const reply = await this.#servers().ask(page(this.#page));
		const [cookie = ""] = String(reply.headers["set-cookie"]).split(";");
		const _token = /name="_token" value="([\w-]+)"/.exec(reply.text)?.[1] ?? "";
		return this.post({ _token, ...fields }, { Cookie: cookie });
	}
}

/** Expects that strangers are led from some pages to the login, and see no place of a name. */
export async function expectLogin(paths: readonly string[], place: string): Promise<void> {
	const strict = await startServers({ insecure: false, hub: true }, screens());
	for (const path of paths) {
		expect((await strict.ask(page(path))).headers.location).toContain("/login?to=");
	}
	expect((await strict.ask(page("/login"))).text).not.toContain(`data-place="${place}"`);
	await strict.close();
}
