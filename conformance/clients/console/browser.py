"""The console in a real Chromium. usage: browser.py BASE PERSON_TOKEN SERVICE_TOKEN [SCREENSHOT_DIR]

Signs in, reads a request's page, lets the page's own script check the proof, then changes one byte of the entry, the path, the root and the
signature in turn: the verdict must be red each time. Screenshots of each page, light and dark, wide and narrow, where a folder is named.
"""
import os, shutil, sys, time
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

base, person, service = sys.argv[1:4]
folder = sys.argv[4] if len(sys.argv) > 4 else None
failed = 0


def check(good, what):
    global failed
    failed += not good
    print(("ok    " if good else "FAIL  ") + what, flush=True)


def browser(dark, width):
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},1000"):
        options.add_argument(argument)
    if dark:
        options.add_argument("--force-dark-mode")
        options.add_argument("--blink-settings=preferredColorScheme=0")
    options.binary_location = shutil.which("chromium")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    page = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    page.set_script_timeout(30)
    return page


TAMPER = """
const [part, done] = arguments;
fetch(document.getElementById("proof").dataset.source).then(r => r.json()).then(async page => {
  const entry = page.entries[0], flip = (text, i) => text.slice(0, i) + (text[i] === "A" ? "B" : "A") + text.slice(i + 1);
  const lines = entry.proof.split("\\n"), blank = lines.indexOf("");
  if (part === "entry") entry.leaf = entry.leaf.replace('"v":1', '"v":2');
  if (part === "path") lines[2] = flip(lines[2], 5);
  if (part === "root") lines[blank + 3] = flip(lines[blank + 3], 5);
  if (part === "signature") { const at = lines.findIndex((l, i) => i > blank && l.startsWith("—")); lines[at] = flip(lines[at], lines[at].length - 20); }
  entry.proof = lines.join("\\n");
  await check(page);
  done(document.getElementById("verdict").textContent);
}).catch(error => done("error " + error));
"""


def eventually(condition):
    """Whether a condition comes true: a click answers before the page that it leads to is there."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            if condition():
                return True
        except WebDriverException:
            pass  # the page is being replaced
        time.sleep(0.05)
    return False


def verdict(page):
    eventually(lambda: page.find_element(By.ID, "verdict").text != "Not checked yet")
    return page.find_element(By.ID, "verdict").text


def journey(name, dark, width):
    page = browser(dark, width)

    def shot(what):
        if folder:
            page.save_screenshot(os.path.join(folder, f"{name}-{what}.png"))

    def submit(token):
        page.find_element(By.ID, "token").send_keys(token)
        page.find_element(By.CSS_SELECTOR, "button.primary").click()

    try:
        page.get(base + "/requests?outcome=denied")
        check("/sign-in" in page.current_url, f"{name}: who is not signed in is led to the sign-in page")
        shot("sign-in")
        submit(service)
        check(eventually(lambda: "service" in page.find_element(By.CSS_SELECTOR, "[role=alert]").text), f"{name}: a service's token is refused")
        submit(person)
        check(eventually(lambda: page.current_url == base + "/requests?outcome=denied"), f"{name}: after signing in the page that was asked for is shown")
        check(eventually(lambda: page.find_elements(By.CSS_SELECTOR, ".badge.bad")), f"{name}: the refusals are there")
        page.get(base + "/")
        shot("overview")
        page.get(base + "/requests")
        shot("requests")
        links = [a.get_attribute("href") for a in page.find_elements(By.CSS_SELECTOR, "td a")]
        check(len(links) >= 2, f"{name}: the requests are listed")
        for place in (0, 1):
            page.get(links[place])
            check(verdict(page) == "Verified in this browser", f"{name}: proof verified in the browser: {page.find_element(By.TAG_NAME, 'h1').text}")
            shot(f"request-{place}")
        for part in ("entry", "path", "root", "signature"):
            told = page.execute_async_script(TAMPER, part)
            check(told == "Not verified", f"{name}: one byte of the {part} changed: {told}")
        for what in ("routes", "people", "evidence"):
            page.get(f"{base}/{what}")
            shot(what)
            wide = page.execute_script("return document.documentElement.scrollWidth > document.documentElement.clientWidth")
            check(not wide, f"{name}: the page {what} is no wider than the window")
        broken = [e["message"] for e in page.get_log("browser") if e["level"] == "SEVERE" and "401" not in e["message"]]
        check(not broken, f"{name}: nothing is refused by the content security policy {broken}")
        page.find_element(By.CSS_SELECTOR, "header button").click()
        eventually(lambda: "/sign-in" in page.current_url)
        page.get(base + "/requests")
        check("/sign-in" in page.current_url, f"{name}: signed out")
    finally:
        page.quit()


if folder:
    os.makedirs(folder, exist_ok=True)
for arguments in (("light", False, 1280), ("light-phone", False, 500), ("dark", True, 1280), ("dark-phone", True, 500)):
    journey(*arguments)
print(f"{failed} failed")
sys.exit(1 if failed else 0)
