/** The surroundings of a file of tests, with a way out of them for what `product.js` wrote. */
import { TestEnvironment } from "jest-environment-node";

/** Classes that Jest's context would have of its own: a test makes the product's in their place. */
const SHARED = ["Date", "Map", "Set"];
/** Classes whose instances the engine makes too, of the context that it runs. */
const RECOGNISED = ["Error", "RangeError", "SyntaxError", "TypeError", "Promise"];

export default class extends TestEnvironment {
	async setup() {
		await super.setup();
		this.global[Symbol.for("varve.product")] = (url) => import(url);
		for (const name of SHARED) this.global[name] = globalThis[name];
		for (const name of RECOGNISED) recognise(this.global[name], globalThis[name]);
	}
}

/** An instance of the product's class is one of the test's; for classes made of it, nothing changes. */
function recognise(own, products) {
	const isInstance = Function.prototype[Symbol.hasInstance];
	Object.defineProperty(own, Symbol.hasInstance, {
		value(it) {
			return isInstance.call(this, it) || (this === own && it instanceof products);
		},
	});
}
