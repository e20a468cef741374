"""Domains of free-mail providers: no company, though a CRM may think so.

Every lead of a company's domain inherits its values (API.md, "Writing one record"), so one such row
would spread to every private address. Common providers by public knowledge; not meant to be whole.
"""

from __future__ import annotations

FREE_MAIL_DOMAINS: frozenset[str] = frozenset(
    """
    126.com 139.com 163.com aim.com aol.com att.net bellsouth.net bigpond.com bk.ru bluewin.ch
    btinternet.com charter.net comcast.net cox.net daum.net duck.com earthlink.net fastmail.com
    fastmail.fm free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.fr gmx.net
    googlemail.com hanmail.net hey.com hotmail.co.uk hotmail.com hotmail.de hotmail.es hotmail.fr
    hotmail.it hushmail.com icloud.com inbox.lv inbox.ru juno.com laposte.net libero.it list.ru
    live.co.uk live.com live.fr live.nl mac.com mail.com mail.ru me.com msn.com mweb.co.za naver.com
    ntlworld.com optonline.net orange.fr outlook.com outlook.de outlook.es outlook.fr pm.me
    posteo.de proton.me protonmail.ch protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com
    sbcglobal.net seznam.cz sfr.fr shaw.ca sina.com sky.com t-online.de telenet.be terra.com.br
    tiscali.it tutanota.com uol.com.br verizon.net virgilio.it wanadoo.fr web.de wp.pl xtra.co.nz
    ya.ru yahoo.ca yahoo.co.in yahoo.co.jp yahoo.co.uk yahoo.com yahoo.com.au yahoo.com.br yahoo.de
    yahoo.es yahoo.fr yahoo.in yahoo.it yandex.com yandex.ru ymail.com zoho.com zohomail.com
    """.split()  # noqa: SIM905  (a list of 110 strings is no easier to read)
)
