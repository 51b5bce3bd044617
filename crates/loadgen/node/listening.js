"use strict";

// Listens on a free port of the loopback, and says where, as ChatterStack says it.
module.exports = (server) => {
  server.on("connection", (socket) => socket.setNoDelay(true));
  server.listen(0, "127.0.0.1", () => {
    const { address, port } = server.address();
    const fields = { message: "listening", address: `${address}:${port}` };
    console.error(JSON.stringify({ fields }));
  });
};
