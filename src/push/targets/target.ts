/** The URL that a push goes to, as whoever makes it may give it. */

/** A URL that passed `targetFault`. */
export type TargetUrl = string;

const URL_CHARACTERS_MAX = 2048;

/**
 * Says why a URL can be no target; undefined if it can. Whether its address may be reached is known
 * only when it is looked up, which each attempt does.
 * @param mayBePlain whether the operator has named addresses that plain HTTP may go to
 */
export function targetFault(text: string, mayBePlain: boolean): string | undefined {
	if (text.length > URL_CHARACTERS_MAX) return `it is longer than ${URL_CHARACTERS_MAX} characters`;
	if (/[^!-~]/.test(text)) return "it holds a character that no URL may hold unescaped";
	const url = URL.canParse(text) ? new URL(text) : undefined;
	if (url === undefined) return "it is not a URL such as https://example.org/hook";
	if (url.protocol !== "https:" && url.protocol !== "http:")
		return "it does not begin with https://";
	if (url.protocol === "http:" && !mayBePlain) {
		return "plain HTTP goes only to networks of --push-allow, and the server has none; use https://";
	}
	if (url.username !== "" || url.password !== "") return "it holds credentials";
	if (url.hash !== "") return "it has a fragment, which no request sends";
	if (url.port === "0") return "it has port 0";
	return undefined;
}

/** What limits of a host are counted by: its name, since one host has ports enough. */
export function hostOf(url: TargetUrl): string {
	// The dot at the end of a name is a way to write the same name.
	return new URL(url).hostname.replace(/\.$/, "");
}
