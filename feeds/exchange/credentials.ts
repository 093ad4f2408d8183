/** Who a program is to the server: a user with a password, or a machine with a token. */

export type Credentials =
	| { readonly user: string; readonly password: string }
	| { readonly token: string };

const TOKEN = /^[A-Za-z0-9+/._~-]+=*$/;

/**
 * The value of `Authorization`: Basic in UTF-8 (RFC 7617), or Bearer (RFC 6750).
 * @throws TypeError; its message has no secret
 */
export function authorizationOf(credentials: Credentials): string {
	if ("token" in credentials) {
		if (TOKEN.test(credentials.token)) return `Bearer ${credentials.token}`;
		throw new TypeError("credentials: the token has a character that no token has");
	}
	const { user, password } = credentials;
	if (user.includes(":")) throw new TypeError("credentials: a user's name has no colon");
	const bytes = new TextEncoder().encode(`${user}:${password}`.normalize("NFC"));
	return `Basic ${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""))}`;
}
