"""The text of the page that helps a phone to trust this machine. `{names}` are filled in; doubled braces are CSS."""

from __future__ import annotations

PHONE_PAGE = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>入户 Ruhu</title><style>
body{{margin:0 auto;max-width:40rem;padding:1.2rem;background:#F6F7F5;color:#1D2521;
font:17px/1.6 system-ui,"Noto Sans CJK SC",sans-serif}}
section{{background:#fff;border:1px solid #DFE4E0;border-radius:10px;padding:1rem 1.2rem;margin:1rem 0}}
.en{{color:#5D6963}} a.button{{display:block;background:#1F6B57;color:#fff;text-align:center;padding:.8rem;
border-radius:10px;text-decoration:none;margin:.8rem 0}} code{{word-break:break-all;font-size:.85rem}}
svg{{display:block;margin:.5rem auto}} li{{margin:.3rem 0}}
</style></head><body>
<h1>让手机信任这台电脑</h1><p class="en">Let the phone trust this computer</p>
<p>离线使用和定位只在受信任的 HTTPS 上能用。下面装的证书只对局域网地址有效，管不到互联网上的任何网站。试用完请删掉。</p>
<p class="en">Offline use and positions work only over trusted HTTPS. This certificate is good for addresses of
the local network only and for no website on the internet. Remove it when you are done.</p>
<section><h2>1 · 下载证书 <span class="en">Download</span></h2>
<a class="button" href="/ruhu-ca.crt">下载证书 / Download the certificate</a>
<p>指纹 / Fingerprint (SHA-256)<br><code>{fingerprint}</code></p></section>
<section><h2>2 · Android</h2><ol>
<li>设置 → 安全 → 加密与凭据 → 安装证书 → <b>CA 证书</b>，选刚下载的文件。</li>
<li>各品牌菜单不同：在设置里搜“CA 证书”或“安装证书”。</li></ol>
<p class="en">Settings → Security → Encryption &amp; credentials → Install a certificate → <b>CA certificate</b>;
choose the file. Menus differ by maker: search the settings for “certificate”.</p></section>
<section><h2>2 · iPhone</h2><ol>
<li>用 Safari 下载，提示“已下载描述文件”。</li>
<li>设置 → 通用 → VPN 与设备管理 → 安装。</li>
<li>设置 → 通用 → 关于本机 → 证书信任设置 → 打开它的开关。</li></ol>
<p class="en">Download it with Safari. Settings → General → VPN &amp; Device Management → install. Then Settings →
General → About → Certificate Trust Settings → switch it on.</p></section>
<section><h2>3 · 打开入户 <span class="en">Open Ruhu</span></h2>
<a class="button" href="{address}/">{address}/</a>{app_qr}
<p>浏览器菜单里选“添加到主屏幕”，没有网络也能打开。</p>
<p class="en">Choose “Add to home screen” in the browser's menu; it then opens without a network too.</p></section>
<section><h2>ODK Collect</h2>
<p>ODK Collect 可能不认自己装的证书。要用它，请给服务器配公开受信任的证书。</p>
<p class="en">ODK Collect may not trust a certificate that was added by hand. For Collect, give the server a publicly
trusted certificate.</p></section>
<section><h2>给另一台手机 <span class="en">For another phone</span></h2>{help_qr}</section>
</body></html>
"""
