/** The user that the client certificate of a connection stands for. */
import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { type Principal, principalOf } from "../../access/principal.ts";
import type { User } from "../../accounts/users/user.ts";
import type { Users } from "../../accounts/users/users.ts";
import { Refusal } from "../../errors.ts";

/** Logins are shorter; a common name is at most so long (RFC 5280, appendix A.1). */
const LOGIN_LENGTH_MAX = 64;

const NONE: Certified = { login: undefined };
type Certified = { readonly login: string | undefined };

/** By connection: its certificate does not change, as renegotiation is off. */
const known = new WeakMap<TLSSocket, Certified>();

/**
 * @returns undefined if the client showed no certificate
 * @throws Refusal `bad-client-certificate`; `unauthorized` if it names nobody who may log in
 */
export function principalOfCertificate(
	req: IncomingMessage,
	users: Users,
): Principal | undefined | Promise<Principal> {
	const login = certifiedLogin(req);
	if (login === undefined) return undefined;
	const user = users.get(login);
	if (!(user instanceof Promise)) return principalFor(user, users);
	return user.then((known) => principalFor(known, users));
}

function principalFor(user: User | undefined, users: Users): Principal {
	if (user === undefined || user.isDisabled) {
		throw new Refusal("unauthorized", { cause: "credentials" });
	}
	const holds = () => users.stands(user, false);
	return principalOf({ name: user.login, groups: user.groups, via: "certificate", holds });
}

/**
 * The login that the certificate of the request's connection stands for: its common name.
 * @returns undefined if the client showed none, or `--tls-client-ca` asks for none
 * @throws Refusal `bad-client-certificate` if no named authority vouches for it today
 */
function certifiedLogin({ socket }: IncomingMessage): string | undefined {
	if (!(socket instanceof TLSSocket)) return undefined;
	let certified = known.get(socket);
	if (certified === undefined) {
		certified = readCertificate(socket);
		known.set(socket, certified);
	}
	return certified.login;
}

function readCertificate(socket: TLSSocket): Certified {
	// Without a certificate, a connection that resumes an earlier one is `authorized`, too: so the
	// certificate is asked for first.
	const certificate = socket.getPeerX509Certificate();
	if (certificate === undefined) return NONE;
	if (!socket.authorized) {
		const reason = String(socket.authorizationError ?? "nobody vouches for it");
		throw new Refusal("bad-client-certificate", { reason: reason.slice(0, 128) });
	}
	// With its escapes undone, as `subject` of X509Certificate has them.
	const name: unknown = socket.getPeerCertificate().subject?.CN;
	const isName = typeof name === "string" && name !== "" && name.length <= LOGIN_LENGTH_MAX;
	if (isName) return { login: name };
	throw new Refusal("bad-client-certificate", { reason: "it has no common name, or several" });
}
