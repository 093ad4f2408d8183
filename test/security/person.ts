/** A person's browser, and servers that people log in to. */
import { type Ask, get, type Reply } from "../http/ask.ts";
import type { Lane } from "../http/harness.ts";

export const PASSWORD = "correct horse battery";
export const HTML = "text/html,*/*;q=0.8";
const COST = 10;

/** Behind a proxy that speaks https, so that cookies are those of https. */
export const PROXIED = {
	Host: "store.example",
	"X-Forwarded-Proto": "https",
	"X-Forwarded-For": "192.0.2.7",
};
export const SETTINGS = {
	insecure: false,
	allowAnonymous: false,
	adminPassword: PASSWORD,
	passwordCost: COST,
	sessionKey: "0123456789abcdef0123456789abcdef",
	trustedProxies: "127.0.0.0/8",
};

/** A browser: it keeps cookies, and sends the forms of the pages that it got. */
export class Browser {
	readonly #lane: Lane;
	readonly cookies = new Map<string, string>();
	page: Reply | undefined;

	constructor(lane: Lane) {
		this.#lane = lane;
	}

	async ask({ headers, ...request }: Ask): Promise<Reply> {
		const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
		const own = cookie === "" ? {} : { Cookie: cookie };
		const reply = await this.#lane.ask({ ...request, headers: { ...PROXIED, ...own, ...headers } });
		for (const given of reply.headers["set-cookie"] ?? []) {
			const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(given) ?? [];
			if (value === "") this.cookies.delete(name);
			else this.cookies.set(name, value);
		}
		return reply;
	}

	async open(path: string): Promise<Reply> {
		this.page = await this.ask(get(path, HTML));
		return this.page;
	}

	send(path: string, fields: Record<string, string>): Promise<Reply> {
		const token = /name="_token" value="([^"]+)"/.exec(this.page?.text ?? "")?.[1] ?? "";
		const headers = { "Content-Type": "application/x-www-form-urlencoded", Origin: "null" };
		const body = new URLSearchParams({ _token: token, ...fields }).toString();
		return this.ask({ path, headers: { ...headers, Accept: HTML }, body });
	}

	async logIn(login = "admin", password = PASSWORD, to = "/"): Promise<Reply> {
		await this.open("/login");
		return this.send("/login", { login, password, to });
	}
}
