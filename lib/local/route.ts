import type { LambdaFunction } from './invocation.ts';

/** A route of an HTTP API: method, and a path in which `{name}` stands for one segment. */
export interface Route {
  readonly method: string;
  readonly path: string;
  readonly lambda: LambdaFunction;
}

export interface RouteMatch {
  readonly route: Route;
  /** Decoded; `undefined` where the path has no parameters, as in the event. */
  readonly pathParameters: Record<string, string> | undefined;
}

/**
 * The route for a request. Like API Gateway, prefers a fixed segment to a parameter, and knows no "method not
 * allowed": no route for the method is no route.
 * @param segments decoded segments of the path
 */
export function matchRoute(
  routes: readonly Route[],
  method: string,
  segments: readonly string[],
): RouteMatch | undefined {
  const matches = routes
    .filter((route) => route.method === method)
    .flatMap((route) => {
      const pathParameters = parametersOf(route.path, segments);
      return pathParameters === undefined ? [] : [{ route, pathParameters }];
    })
    .sort((a, b) => Object.keys(a.pathParameters).length - Object.keys(b.pathParameters).length);
  const [best] = matches;
  if (best === undefined) return undefined;
  const hasParameters = Object.keys(best.pathParameters).length > 0;
  return { route: best.route, pathParameters: hasParameters ? best.pathParameters : undefined };
}

function parametersOf(path: string, segments: readonly string[]): Record<string, string> | undefined {
  const wanted = path.split('/');
  if (wanted.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, pattern] of wanted.entries()) {
    const segment = segments[index] ?? '';
    const name = /^\{(\w+)\}$/.exec(pattern)?.[1];
    if (name === undefined) {
      if (pattern !== segment) return undefined;
    } else {
      if (segment === '') return undefined;
      parameters[name] = segment;
    }
  }
  return parameters;
}
