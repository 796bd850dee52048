/** What a compiled form declares beside its questions: which record a group writes, which property a question saves. */

export interface EntityDeclaration {
  dataset: string;
  /** Path of the group or repeat that holds meta/entity, e.g. /data/member_row. */
  container: string;
  properties: string[];
}

const ENTITIES = 'http://www.opendatakit.org/xforms/entities';

function pathOf(element: Element, root: Element): string {
  return element === root ? `/${root.localName}` : `${pathOf(element.parentElement as Element, root)}/${element.localName}`;
}

function primaryInstance(form: Document): Element | null {
  return form.getElementsByTagNameNS('*', 'instance')[0]?.firstElementChild ?? null;
}

function containersIn(root: Element): Map<string, string> {
  const containers = new Map<string, string>();
  for (const entity of Array.from(root.getElementsByTagNameNS('*', 'entity'))) {
    const container = entity.parentElement?.parentElement;
    const dataset = entity.getAttribute('dataset');
    if (container && dataset) containers.set(pathOf(container, root), dataset);
  }
  return containers;
}

function longestPrefix(containers: Iterable<string>, path: string): string | undefined {
  return [...containers].filter((container) => path.startsWith(`${container}/`)).sort((a, b) => b.length - a.length)[0];
}

/** Reads the declarations of a compiled XForm; a form without entities has none. */
export function declarationsIn(xform: string): EntityDeclaration[] {
  const form = new DOMParser().parseFromString(xform, 'text/xml');
  const root = primaryInstance(form);
  if (!root) return [];
  const containers = containersIn(root);
  const found = new Map<string, EntityDeclaration>();
  for (const [container, dataset] of containers) found.set(container, { dataset, container, properties: [] });
  for (const bind of Array.from(form.getElementsByTagNameNS('*', 'bind'))) {
    const property = bind.getAttributeNS(ENTITIES, 'saveto');
    const holder = longestPrefix(containers.keys(), bind.getAttribute('nodeset') ?? '');
    if (property && holder) found.get(holder)?.properties.push(property);
  }
  return [...found.values()];
}

/** The dataset lists that the form reads (jr://file-csv/household.csv → household). */
export function listsIn(xform: string): string[] {
  return [...xform.matchAll(/jr:\/\/file-csv\/([A-Za-z0-9_.-]+)\.csv/g)].map((match) => match[1] as string);
}
