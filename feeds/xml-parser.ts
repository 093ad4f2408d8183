/**
 * Loads xml2js when the first XML comes. That takes 30 ms of a program's start, and most programs
 * meet no XML.
 */
import { createRequire } from "node:module";

type Xml2js = typeof import("xml2js");

let loaded: Xml2js | undefined;

export function xml2js(): Xml2js {
	loaded ??= createRequire(import.meta.url)("xml2js") as Xml2js;
	return loaded;
}
