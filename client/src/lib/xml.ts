/** PURE: forms and instances as trees; names are looked at without their prefixes. */
export const parseXml = (xml: string): Document => new DOMParser().parseFromString(xml, "text/xml");

export const childrenNamed = (node: Element, name: string): Element[] => Array.from(node.children).filter((child) => child.localName === name);
