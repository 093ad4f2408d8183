/** A real issuer of tokens, whose key the tests have as well, and a browser that logs in there. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { Provider } from "oidc-provider";

export const AUDIENCE = "urn:varve:test";
export const CLIENT = { id: "varve", secret: "a secret/with+signs" };
export const REDIRECT_URI = "https://varve.example.com/login/callback";

export type TestIssuer = {
	readonly url: string;
	/** An access token of a machine, as the issuer makes it. */
	tokenFor(audience: string): Promise<string>;
	/** Signs claims with the issuer's own key. */
	sign(claims: JWTPayload, header?: { alg: string }): Promise<string>;
	/** Logs in as `login`, and gives back where the issuer sends the browser in the end. */
	logIn(url: string, login: string): Promise<URL>;
	close(): void;
};

export async function startIssuer(): Promise<TestIssuer> {
	// It tells each time that it is an issuer for tests.
	console.warn = console.info = () => undefined;
	const { privateKey } = await generateKeyPair("RS256", { extractable: true });
	const key = { ...(await exportJWK(privateKey)), alg: "RS256", use: "sig", kid: "test" };
	const server = createServer();
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const provider = providerAt(url, key);
	server.on("request", provider.callback());
	return {
		url,
		tokenFor: (audience) => machineToken(url, audience),
		sign: (claims, header = { alg: "RS256" }) =>
			new SignJWT(claims).setProtectedHeader({ kid: "test", ...header }).sign(privateKey),
		logIn: browse,
		close: () => closeNow(server),
	};
}

function providerAt(url: string, key: object): Provider {
	return new Provider(url, {
		jwks: { keys: [key] },
		clients: [
			{
				client_id: "ci",
				client_secret: "secret",
				grant_types: ["client_credentials"],
				redirect_uris: [],
				response_types: [],
			},
			{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [REDIRECT_URI] },
		],
		claims: { openid: ["sub"], profile: ["groups"] },
		conformIdTokenClaims: false,
		cookies: { keys: ["of the test"] },
		findAccount: (_context: unknown, accountId: string) => {
			return { accountId, claims: () => ({ sub: accountId, groups: ["store-admins"] }) };
		},
		extraTokenClaims: () => ({ groups: ["store-ops", "staff", "$admins"] }),
		features: {
			clientCredentials: { enabled: true },
			resourceIndicators: {
				enabled: true,
				getResourceServerInfo: (_context: unknown, audience: string) => {
					return { scope: "", audience, accessTokenFormat: "jwt", accessTokenTTL: 60 };
				},
			},
		},
	});
}

async function machineToken(url: string, audience: string): Promise<string> {
	const answer = await fetch(`${url}/token`, {
		method: "POST",
		headers: { authorization: `Basic ${Buffer.from("ci:secret").toString("base64")}` },
		body: new URLSearchParams({ grant_type: "client_credentials", resource: audience }),
	});
	const { access_token: token } = (await answer.json()) as { access_token: string };
	return token;
}

/** A browser: cookies, redirects, and the two forms that the issuer shows. */
async function browse(start: string, login: string): Promise<URL> {
	const cookies = new Map<string, string>();
	let next = new URL(start);
	let form: URLSearchParams | undefined;
	for (;;) {
		if (next.href.startsWith(REDIRECT_URI)) return next;
		const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
		const sent = form ? { method: "POST", body: form } : {};
		const answer = await fetch(next, { ...sent, headers: { cookie }, redirect: "manual" });
		for (const set of answer.headers.getSetCookie()) {
			const [pair = ""] = set.split(";");
			const [name = "", value = ""] = pair.split("=");
			cookies.set(name, value);
		}
		const location = answer.headers.get("location");
		form = undefined;
		if (location !== null) next = new URL(location, next);
		else {
			const page = await answer.text();
			const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
			const action = /<form [^>]*action="([^"]+)"/.exec(page)?.[1];
			if (prompt === undefined || action === undefined) throw new Error(`no form: ${page}`);
			form = new URLSearchParams({ prompt, login, password: "any" });
			next = new URL(action, next);
		}
	}
}

function closeNow(server: Server): void {
	server.close();
	server.closeAllConnections();
}
