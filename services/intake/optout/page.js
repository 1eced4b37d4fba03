"use strict";
const button = document.getElementById("stop");
const said = document.getElementById("said");
button.addEventListener("click", async () => {
  button.disabled = true;
  const token = location.hash.slice(1);
  try {
    const answer = await fetch("/api/v1/notifications/opt-out", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (answer.ok) {
      said.textContent = "Đã ngừng. Bạn sẽ không nhận thông báo ở địa chỉ này nữa. / Done.";
      history.replaceState(null, "", location.pathname);
      return;
    }
    said.textContent = "Đường dẫn không đúng. / This link is not right.";
  } catch {
    said.textContent = "Chưa gửi được, vui lòng thử lại. / Not sent, please try again.";
  }
  button.disabled = false;
});
