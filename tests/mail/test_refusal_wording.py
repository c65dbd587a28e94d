"""What servers of many makes and languages say of an address, and that words about anything else end nothing."""

from __future__ import annotations

import pytest

from mail.failures import failure_of
from mail.refusal_wording import missing

TAKES_NO_MAIL = """
#5.1.1 bad address a@b.example
550 address invalid
550 #5.1.0 Address rejected.
550 a@b.example... No such user
550 5.1.1 Address not present in directory
550 Addressee unknown
550 Address unknown
550 can't accept user a@b.example
550 a@b.example does not exist.
The following destination addresses were unknown (please check the addresses and re-mail the message):
550 email address could not be found, or was misspelled
550 Invalid mailbox
550 Invalid recipient a@b.example (Mode: normal)
550 <a@b.example> is not a known user
550 <a@b.example> is not a valid mailbox
550 a@b.example is not an active address at this host
550 mailbox invalid
550 Mailbox is inactive
550 5.5.0 mailbox not present
550 Mailbox unavailable
550 sorry, no account by that name here
550 no existe dicha persona
550 No mail box available for this user
553 no mailbox by that name is currently available
550 no mailbox found
550 no such address here
550 There is no such person at this address
550 No thank you rejected: Account Unavailable
554 No valid recipients, bye
550 not a valid recipient
550 not a local address
550 Recipient address rejected: invalid user
550 Recipient address rejected: Invalid-Recipient
550 Recipient address rejected: Unknown user
550 Recipient address rejected: User unknown in local recipient table
550 recipient is not accepted here, no such mailbox
550 recipient is not local
550 recipient not exist
550 User not exist
550 The user's email name is not found.
550 There is no one at this address
550 this address no longer accepts mail
550 This email address is wrong or no longer valid.
550 This recipient is not in my validrcptto list
550 unknown e-mail address
550 unknown local part in <a@b.example>
550 Unknown local-part "a" in <a@b.example>
550 user missing home directory
550 user not active
550 User not known
550 utilisateur inconnu
550 vdeliver: Invalid or unknown virtual user a
554 delivery error: dd This user doesn't have a yahoo.example account (a@b.example) [-5] - mta1042.mail
554 delivery error: dd Your message cannot be delivered. This account has been disabled or discontinued [#102]. - mta4
550 MAILBOX NOT FOUND
550 Requested action not taken: mailbox unavailable
550 5.5.0 Requested action not taken: mailbox unavailable (-2019901852:4030:-2147467259)
550-Requested action not taken: mailbox unavailable
550 5.1.1 RESOLVER.ADR.RecipNotFound; not found
User a (a@b.example) not listed in Domino Directory
User a (a@b.example) not listed in public Name & Address Book
a (user not found)
unknown user: a@b.example
Unknown host: b.example
User unknown.
The recipient name is not recognized
The e-mail account does not exist at the organization this message was sent to. Check the e-mail address
The e-mail address you entered couldn't be found. Please check the recipient's e-mail address
The email address you entered couldn't be found.
a wasn't found at b.example.
Couldn't deliver to the following recipients: a. The recipient's address wasn't found.
Your message wasn't delivered to a@b.example because the address couldn't be found, or is unable to receive mail.
Your message wasn't delivered to a@b.example because the domain b.example couldn't be found.
DNS Error: 12345 DNS type 'mx' lookup of b.example responded with code NXDOMAIN Domain name not found: b.example
DNS Error: Domain name not found
550 5.1.1 RCP-P1 http://postmaster.facebook.example/response_codes?ip=192.0.2.3#rcp Refused due to recipient preferences
550 Host unknown (Name server: b.example: host not found)
550 Unknown host
Host or domain name not found. Name service error for name=b.example type=A: Host not found
Name service error for name=b.example type=MX: Malformed or unexpected name server reply; no such domain
Recipient address rejected: Unknown domain name
550 illegal host/domain name found
mail domain mentioned in email address is unknown
no such domain
Unrouteable address
550 unrouteable mail domain "b.example"
all relevant MX records point to non-existent hosts
an MX or SRV record indicated no SMTP service
Domain b.example does not accept mail (nullMX)
556 5.1.10 domain does not accept mail
The mail server responded: No such domain at this location
550 Account inactive
550 account has been suspended
550 invalid/inactive user
550 is a deactivated mailbox
550 5.2.1 Mailbox disabled for this recipient
550 a mailbox currently suspended - please contact the postmaster
550 This account is not allowed: account disabled
550 user or domain is disabled
550 User suspended
550 <a@b.example>: user is terminated
550 5.1.6 recipient no longer on server: a@b.example
550 a has left the company
a no longer works here
This user no longer exists
Diese Adresse existiert nicht
Die Adresse des Empfängers wurde nicht gefunden.
Die von Ihnen eingegebene E-Mail-Adresse konnte nicht gefunden werden.
Der Empfänger ist unbekannt
Empfänger unbekannt
Benutzer unbekannt
550 Benutzer nicht gefunden
Empfängeradresse unbekannt
Die E-Mail-Adresse des Empfängers wurde im E-Mail-System des Empfängers nicht gefunden.
Das Postfach existiert nicht
Postfach nicht vorhanden
Kein solcher Benutzer
Domain existiert nicht
Die Domain konnte nicht gefunden werden
L'adresse électronique que vous avez entrée est introuvable.
L'adresse de messagerie du destinataire est introuvable dans le système de messagerie du destinataire.
Adresse d'un des destinataires inconnue
Adresse inconnue
Utilisateur inconnu
cette adresse n'existe plus
Le compte n'existe pas
le compte de messagerie que vous avez essayé de joindre n'existe pas
Boite du destinataire archivee
Boîte aux lettres inexistante
Le domaine est introuvable
Destinataire inconnu
Destinatario desconocido
El usuario no existe
Usuario desconocido
La dirección de correo electrónico que especificó no se encontró
No se encontró la dirección de correo del destinatario
no existe ese usuario
Direccion inexistente
Usuário desconhecido
Usuário não encontrado
O endereço de e-mail não foi encontrado
Destinatário não existe
Utente sconosciuto
Nessun utente simile in questo sito
indirizzo inesistente
L'indirizzo di posta elettronica non è stato trovato
la casella non esiste
Gebruiker onbekend
Het adres bestaat niet
e-mailadres niet gevonden
пользователь не найден
Такого пользователя нет
нет такого пользователя
Пользователь не существует
Почтовый ящик не существует
Адрес не найден
Адресат не найден
несуществующий адрес
домен не найден
no such user! 用户不存在
收件人不存在
收件人地址不存在
该用户不存在
收件人邮箱地址不存在或者被禁用
邮箱不存在
找不到收件人
域名不存在
宛先のメールアドレスが見つかりません
宛先メールアドレスが存在しません
宛先不明
ユーザーが見つかりません
メールアドレスが存在しない
ご指定のメールアドレスは存在しません
入力したメール アドレスが見つかりませんでした
ドメインが見つかりません
存在しないアドレス
받는 사람을 찾을 수 없습니다
존재하지 않는 사용자
수신자 주소가 존재하지 않습니다
用戶不存在
找不到使用者
nieznany użytkownik
Konto nie istnieje
adres nie istnieje
Mottagaren finns inte
550 5.1.1 sorry, the account has been terminated
550 account is closed
550 5.1.1 email address is no longer in use
550 User has moved to c@d.example
550 This mailbox is no longer monitored, no such account
550 address is no longer valid
550 mailbox a is restricted? no such user
recipient address unknown
550 relay: unknown user account
550 RCPT TO: Mailbox name not allowed; no such account
Invalid final delivery userid: a
invalid final delivery user
The mailbox specified in the address does not exist
550 that mailbox does not exist
550 Verification failed for <a@b.example>: Unrouteable address
No local mailbox
550 No such local user
550 Local user not known
550 5.1.1 unknown alias
550 alias a not found
554 Recipient address rejected
550 MX record not found for b.example: no such domain
Message could not be delivered: mailbox not available
550 Recipient rejected: no such user
550 not found in directory
Recipient not found in directory
Not in LDAP directory
550 unknown: user does not have an email account here
550 The address you sent to is no longer available
550 Sorry, that recipient doesn't exist
550 user doesn't exist
550 address doesn't exist
Bad destination mailbox address
Bad destination system address
550 Account is not available
550 <a@b.example>, unknown user
550 a... nobody by that name
550 unknown person
The following user does not exist
550 undeliverable address
550 mail to a not accepted: account deleted
550 Email account has expired
550 account expired
550 Mailbox for a has been deactivated
"""
MAY_PASS_OR_IS_ABOUT_US = """
550 mailbox full
552 The mailbox a is over quota
Mailbox quota exceeded
Das Postfach ist voll
Postfach voll
Das Postfach des Empfängers ist voll und kann keine Nachrichten annehmen
Quota überschritten
Le quota de la boîte est dépassé
boîte aux lettres pleine
La boîte de réception du destinataire est pleine
El buzón está lleno
buzón lleno
La casella è piena
casella piena
Caixa de correio cheia
Почтовый ящик переполнен
ящик получателя переполнен
邮箱已满
收件人邮箱空间不足
メールボックスの容量がいっぱい
容量を超え
메일함이 가득
Too many messages from you
user is receiving mail too quickly
account temporarily disabled
550 mailbox temporarily unavailable
The account is temporarily suspended
Connection refused
Connection timed out
host did not respond
message looping
too many hops
delivery time expired
Host unreachable
Temporary local problem
lost connection
relay access denied
Sender unknown
sender rejected: domain not found
unknown sender
spam
Nachricht als Spam abgelehnt: Empfänger unbekannt
550 message content rejected
message too large
550 mail from your IP blocked
Die Nachricht ist zu groß
Le message est trop volumineux
550 rejected by policy, no such user
550 virus found
access denied
550 not authorized
550 permission denied
550 sender address does not exist
the domain of the sender does not exist
l'adresse de l'expéditeur n'existe pas
Absenderadresse existiert nicht
Die Absender-Domain konnte nicht gefunden werden
адрес отправителя не существует
домен отправителя не найден
发件人地址不存在
发件人域名不存在
送信者のアドレスが存在しません
la dirección del remitente no existe
550 your domain does not exist
550 Your host name could not be found
550 HELO hostname does not exist
550 reverse lookup: host not found
554 5.7.1 client host rejected: cannot find your hostname
550 MAIL FROM domain does not exist
550 from address domain not found
550 5.1.8 domain of sender address a@b.example does not exist
550 Sender verify failed: Unrouteable address
550-Verification failed for <a@b.example> Sender verify failed; unrouteable address
421 Service not available
User's mailbox is locked, try again later
550 group restricted: only members may post
Access to this group is restricted
550 5.7.1 RESOLVER.RST.NotAuthorized; not authorized
message delayed
Ваше письмо похоже на спам
邮件被认定为垃圾邮件
"""


@pytest.mark.parametrize("text", TAKES_NO_MAIL.strip().split("\n"))
def test_a_text_says_that_the_address_takes_no_mail(text: str) -> None:
    assert failure_of("", text).kind == "failed"
    assert failure_of("5.0.0", f"smtp; {text}").kind == "failed"


@pytest.mark.parametrize("text", MAY_PASS_OR_IS_ABOUT_US.strip().split("\n"))
def test_a_text_about_anything_else_ends_nothing(text: str) -> None:
    assert failure_of("", text).kind != "failed"


def test_a_character_that_was_lost_on_the_way_does_not_matter() -> None:
    assert missing("Der Empf\ufffdnger ist unbekannt") == "mailbox"
    assert missing("El buz??n inexistente") == "mailbox"


def test_a_sentence_goes_on_in_the_next_line_only_if_the_line_is_full() -> None:
    assert missing("The email account that you tried to reach yesterday evening does\nnot exist.") == "mailbox"
    assert missing("Recipient: one\nReason: unknown") == ""


def test_names_of_people_and_hosts_say_nothing() -> None:
    text = "host mx.spamfilter.example[192.0.2.1] said: 550 5.1.1 <spam@b.example>: user unknown"
    assert failure_of("5.1.1", text).kind == "failed"
    assert failure_of("5.1.1", "550 5.1.1 blocked by spam filter").kind == "other"


@pytest.mark.parametrize("status", ["5.1.4", "5.1.9", "5.2.9", "5.5.1"])
def test_a_detail_that_servers_write_for_anything_leaves_it_to_the_text(status: str) -> None:
    assert failure_of(status, f"550 {status} no such user").kind == "failed"
    assert failure_of(status, f"550 {status} mailbox full").kind == "passing"
    assert failure_of(status, f"550 {status} refused").kind == "other"
