/** The page that swagger-ui draws the operations on. Scripts and styles are files: the page may hold none (its policy). */
export const operationsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Concordat: operations</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="stylesheet" href="/docs/reference.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<nav><a href="/docs">Operations</a> <a href="/docs/events">Messages and events</a> <a href="/openapi.json">OpenAPI</a> <a href="/asyncapi.json">AsyncAPI</a></nav>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/initializer.js"></script>
</body>
</html>
`;

/** Nobody outside is asked anything: no validator, and no other document by a parameter of the address. */
export const initializer = `'use strict';
SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  docExpansion: 'list',
  queryConfigEnabled: false,
  validatorUrl: null,
  persistAuthorization: false,
});
`;

export const referenceStyle = `body { margin: 0; font-family: sans-serif; color: #222; }
nav { padding: 0.8rem 1.2rem; background: #1b2733; }
nav a { margin-right: 1.2rem; color: #fff; }
main { max-width: 60rem; margin: 0 auto; padding: 0 1.2rem 4rem; }
main h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc; overflow-wrap: anywhere; }
main code { font-family: monospace; }
main pre { padding: 0.8rem; overflow-x: auto; background: #f4f5f6; }
main summary { padding: 0.3rem 0; cursor: pointer; overflow-wrap: anywhere; }
`;
