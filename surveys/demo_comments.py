"""What the demonstration's customers say: four languages, twelve dimensions, good and bad.

Every sentence was written for Touchstone. None names an employee.
"""

from __future__ import annotations

from collections.abc import Mapping

Said = Mapping[str, Mapping[str, tuple[str, ...]]]

GOOD: Said = {
    "en": {
        "welcome": (
            "Someone looked up and said hello before I had closed my umbrella.",
            "I was wished a good evening by the person sweeping the floor. Small thing, lovely.",
        ),
        "listening": (
            "She asked what the lamp was for before showing me any. Left with the cheaper one.",
            "He let me finish. I rarely get to finish explaining my boiler to anyone.",
        ),
        "knowledge": (
            "Knew from a photo which hinge I needed, and it fits.",
            "Straight answer about the guarantee, with the page to show me.",
        ),
        "eagerness": (
            "Went to fetch the ladder without being asked, and seemed to enjoy it.",
            "They showed me how the thing folds although I was only looking.",
        ),
        "resourcefulness": (
            "Card machine down, so they wrote a slip and trusted me to pay tomorrow.",
            "Out of stock, but they rang the next branch and had it kept for me.",
        ),
        "ownership": (
            "One person took my parcel question from start to finish.",
            "I was walked over to the right desk and my story told for me.",
        ),
        "waiting": (
            "Third in line, a second till opened at once. Out in four minutes.",
            "They told us why it was slow and offered chairs. Fine by me.",
        ),
        "promises": (
            "Said Thursday before noon. It was Thursday, ten past eleven.",
            "They called back when they had no news, just to say there was none.",
        ),
        "flexibility": (
            "No receipt, but they could see it was theirs and changed the bulb.",
            "Two minutes after closing and they still let me pick up the key.",
        ),
        "recovery": (
            "The zip broke in a week. Apology, new bag, and a coffee while I waited.",
            "They had charged me twice, saw it themselves and paid it back on the spot.",
        ),
        "access": (
            "Ramp, wide door, and the opening hours on the web were actually right.",
            "The signs took me straight to repairs. First time I did not get lost.",
        ),
        "culture": (
            "The manager was carrying boxes with everyone else and joking.",
            "They help each other without being told. You can feel it as a customer.",
        ),
    },
    "fr": {
        "welcome": (
            "On m’a dit bonjour alors que j’étais encore sur le paillasson.",
            "Un vrai au revoir, avec un regard. Ça change.",
        ),
        "listening": (
            "On m’a demandé à quoi servirait la lampe avant de m’en montrer une seule.",
            "J’ai pu expliquer mon problème jusqu’au bout, c’est rare.",
        ),
        "knowledge": (
            "Avec une simple photo, la bonne charnière du premier coup.",
            "Réponse claire sur la garantie, page à l’appui.",
        ),
        "eagerness": (
            "Je regardais juste, et on m’a montré comment ça se plie, avec plaisir.",
            "L’échelle était là avant que je la demande.",
        ),
        "resourcefulness": (
            "Terminal en panne : un petit papier, et je paie demain. Bravo.",
            "Plus en rayon, mais mis de côté pour moi dans l’autre magasin.",
        ),
        "ownership": (
            "Une seule personne s’est occupée de tout, du début à la fin.",
            "On m’a accompagné jusqu’au bon guichet et expliqué mon cas à ma place.",
        ),
        "waiting": (
            "Trois personnes devant moi, une deuxième caisse s’ouvre. Parfait.",
            "On nous a dit pourquoi c’était long. Du coup, personne n’a râlé.",
        ),
        "promises": (
            "Promis pour jeudi avant midi, livré jeudi à onze heures.",
            "On m’a rappelée même sans nouvelles, pour me dire qu’il n’y en avait pas.",
        ),
        "flexibility": (
            "Sans ticket, mais l’étiquette était la leur : échangé sans discuter.",
            "Deux minutes après la fermeture, on m’a quand même rendu ma clé.",
        ),
        "recovery": (
            "Fermeture cassée au bout d’une semaine : excuses, sac neuf et un café.",
            "Débité deux fois ; ils l’ont vu avant moi et remboursé aussitôt.",
        ),
        "access": (
            "Rampe, porte large, et les horaires du site étaient les bons.",
            "Bien fléché jusqu’aux réparations, je ne me suis pas perdu.",
        ),
        "culture": (
            "La direction portait des cartons avec tout le monde, dans la bonne humeur.",
            "On sent qu’ils s’entraident sans qu’on le leur demande.",
        ),
    },
    "es": {
        "welcome": (
            "Me saludaron antes de que cerrara el paraguas.",
            "Hasta quien barría me deseó buenas tardes. Un detalle.",
        ),
        "listening": (
            "Me preguntaron para qué era la lámpara antes de enseñarme ninguna.",
            "Me dejaron terminar de explicar la avería. No es lo habitual.",
        ),
        "knowledge": (
            "Con una foto supieron qué bisagra era, y encaja.",
            "Me aclararon la garantía enseñándome la página exacta.",
        ),
        "eagerness": (
            "Solo miraba y me enseñaron cómo se pliega, con ganas.",
            "Trajeron la escalera sin que la pidiera.",
        ),
        "resourcefulness": (
            "Se cayó el datáfono, apuntaron un vale y me dejaron pagar mañana.",
            "No quedaba, pero llamaron a la otra tienda y me lo guardaron.",
        ),
        "ownership": (
            "La misma persona llevó mi paquete de principio a fin.",
            "Me acompañaron al mostrador correcto y contaron mi caso por mí.",
        ),
        "waiting": (
            "Éramos tres y abrieron otra caja enseguida.",
            "Nos explicaron el retraso y sacaron sillas. Así da gusto.",
        ),
        "promises": (
            "Dijeron el jueves antes de las doce y fue el jueves a las once.",
            "Me llamaron aunque no había novedades, solo para decírmelo.",
        ),
        "flexibility": (
            "Sin tique, pero vieron que era suyo y me lo cambiaron.",
            "Pasaban dos minutos del cierre y aun así me dieron la llave.",
        ),
        "recovery": (
            "Se rompió la cremallera: disculpas, bolso nuevo y un café mientras tanto.",
            "Me cobraron dos veces, se dieron cuenta ellos y lo devolvieron al momento.",
        ),
        "access": (
            "Rampa, puerta ancha y el horario de la web era el de verdad.",
            "Los carteles llevan directos a reparaciones. No me perdí.",
        ),
        "culture": (
            "Quien dirige la tienda cargaba cajas como los demás, y riéndose.",
            "Se ayudan sin que nadie lo mande. Se nota.",
        ),
    },
    "ar": {
        "welcome": (
            "ألقوا عليّ التحية قبل أن أغلق مظلتي.",
            "وداع لطيف بابتسامة صادقة، شكرًا.",
        ),
        "listening": (
            "سألوني أولًا عن استعمال المصباح ثم أروني المناسب والأرخص.",
            "تركوني أشرح مشكلتي حتى النهاية.",
        ),
        "knowledge": (
            "من صورة واحدة عرفوا القطعة المطلوبة وكانت مناسبة تمامًا.",
            "جواب واضح عن الضمان مع الصفحة التي تثبته.",
        ),
        "eagerness": (
            "كنت أتفرج فقط، فشرحوا لي طريقة الطي بكل حماس.",
            "أحضروا السلّم من غير أن أطلب.",
        ),
        "resourcefulness": (
            "تعطل جهاز البطاقات فكتبوا ورقة وقالوا ادفع غدًا.",
            "نفدت القطعة فاتصلوا بالفرع الآخر وحجزوها لي.",
        ),
        "ownership": ("شخص واحد تابع طلبي من أوله إلى آخره.",),
        "waiting": (
            "فتحوا صندوقًا ثانيًا فورًا، لم أنتظر أكثر من أربع دقائق.",
            "أخبرونا بسبب التأخير وقدموا لنا الكراسي.",
        ),
        "promises": ("قالوا الخميس قبل الظهر، وكان كذلك فعلًا.",),
        "flexibility": ("لم يكن معي الإيصال، ومع ذلك بدّلوا لي القطعة.",),
        "recovery": (
            "انكسر السحّاب بعد أسبوع: اعتذار وحقيبة جديدة وفنجان قهوة.",
            "خصموا المبلغ مرتين وانتبهوا بأنفسهم وأعادوه في الحال.",
        ),
        "access": ("المدخل مناسب لعربة الأطفال والمواعيد على الموقع صحيحة.",),
        "culture": ("المدير يحمل الصناديق مع الجميع، والجو جميل.",),
    },
}
"""Language → dimension → sentences of somebody who rated it high."""

BAD: Said = {
    "en": {
        "welcome": (
            "Four people behind the counter, none of them saw me for a good while.",
            "My goodbye went unanswered. Again.",
        ),
        "listening": (
            "I said kettle, I was shown toasters.",
            "Answered before I had finished the question, and answered another one.",
        ),
        "knowledge": (
            "Two people gave me two different prices for the same key.",
            "“It should be on the box.” It was not on the box.",
        ),
        "eagerness": (
            "Pointed at a shelf without getting up.",
            "I felt I was keeping them from their phones.",
        ),
        "resourcefulness": (
            "The system was down and that was the end of it. Come back another day.",
            "No size left, no idea, no suggestion.",
        ),
        "ownership": (
            "Repairs sent me to the till, the till sent me to repairs.",
            "Told the same story three times to three people.",
        ),
        "waiting": (
            "Twenty-five minutes, one till out of five, nobody said a word.",
            "Doors were locked ten minutes before closing time.",
        ),
        "promises": (
            "I was to be called on Monday. It is Friday.",
            "“Ready at three.” At three they had not started.",
        ),
        "flexibility": (
            "One day past thirty. “Policy.” No more was said.",
            "They would not change a coin without a purchase.",
        ),
        "recovery": (
            "Brought back a broken chair and was asked what I had done to it.",
            "No apology for the double charge, just a form.",
        ),
        "access": (
            "The lift has had the same “out of order” note since spring.",
            "Website said open until eight, the door said six.",
        ),
        "culture": (
            "Two of them were arguing about shifts over my head.",
            "Everybody looked tired and nobody seemed to be in charge.",
        ),
    },
    "fr": {
        "welcome": (
            "Quatre personnes au comptoir, pas une pour lever les yeux.",
            "Mon au revoir est resté sans réponse. Encore.",
        ),
        "listening": (
            "Je parle d’une bouilloire, on me montre des grille-pain.",
            "La réponse est venue avant la question, et à côté.",
        ),
        "knowledge": (
            "Deux personnes, deux prix pour la même clé.",
            "« C’est écrit sur la boîte. » Non, justement.",
        ),
        "eagerness": (
            "Un doigt vers le rayon, sans se lever.",
            "J’avais l’impression de déranger.",
        ),
        "resourcefulness": (
            "Panne informatique, donc rien. Revenez un autre jour.",
            "Plus ma taille, aucune idée, aucune proposition.",
        ),
        "ownership": (
            "L’atelier m’envoie à la caisse, la caisse à l’atelier.",
            "La même histoire racontée trois fois à trois personnes.",
        ),
        "waiting": (
            "Vingt-cinq minutes, une caisse sur cinq, pas un mot.",
            "Porte fermée à clé dix minutes avant l’heure.",
        ),
        "promises": (
            "On devait m’appeler lundi. Nous sommes vendredi.",
            "« Prêt à quinze heures. » À quinze heures, rien n’était commencé.",
        ),
        "flexibility": (
            "Trente et un jours au lieu de trente : « c’est le règlement ».",
            "Impossible d’avoir de la monnaie sans acheter quelque chose.",
        ),
        "recovery": (
            "Je rapporte une chaise cassée, on me demande ce que j’en ai fait.",
            "Débité deux fois, pas une excuse, juste un formulaire.",
        ),
        "access": (
            "L’ascenseur est « momentanément » en panne depuis le printemps.",
            "Vingt heures sur le site, dix-huit sur la porte.",
        ),
        "culture": (
            "Ils se disputaient les horaires devant moi.",
            "Tout le monde avait l’air épuisé, et personne aux commandes.",
        ),
    },
    "es": {
        "welcome": (
            "Cuatro personas en el mostrador y ninguna levantó la vista.",
            "Dije adiós y nadie contestó. Otra vez.",
        ),
        "listening": (
            "Yo hablaba de un hervidor y me enseñaban tostadoras.",
            "Contestaron antes de que acabara, y a otra cosa.",
        ),
        "knowledge": (
            "Dos personas, dos precios para la misma llave.",
            "“Lo pondrá en la caja.” Pues no lo pone.",
        ),
        "eagerness": (
            "Señalaron la estantería sin levantarse.",
            "Me sentí como un estorbo.",
        ),
        "resourcefulness": (
            "Se cayó el sistema y se acabó: vuelva otro día.",
            "No había mi talla, ni idea, ni alternativa.",
        ),
        "ownership": (
            "Del taller a la caja y de la caja al taller.",
            "Conté lo mismo tres veces a tres personas.",
        ),
        "waiting": (
            "Veinticinco minutos, una caja de cinco y ni una palabra.",
            "Cerraron la puerta diez minutos antes de la hora.",
        ),
        "promises": (
            "Me iban a llamar el lunes. Es viernes.",
            "“Listo a las tres.” A las tres no habían empezado.",
        ),
        "flexibility": (
            "Un día más de los treinta y nada: “son las normas”.",
            "No me dieron cambio sin comprar algo.",
        ),
        "recovery": (
            "Devolví una silla rota y me preguntaron qué le había hecho.",
            "Cobro doble, ninguna disculpa, un formulario.",
        ),
        "access": (
            "El ascensor lleva “averiado” desde la primavera.",
            "En la web hasta las ocho, en la puerta hasta las seis.",
        ),
        "culture": (
            "Discutían los turnos por encima de mi cabeza.",
            "Todos con cara de agotados y nadie al mando.",
        ),
    },
    "ar": {
        "welcome": (
            "أربعة خلف الطاولة ولم يرفع أحد رأسه.",
            "ودّعتهم فلم يرد أحد.",
        ),
        "listening": ("أتحدث عن إبريق كهربائي فيعرضون عليّ المحمصات.",),
        "knowledge": (
            "شخصان وسعران مختلفان للمفتاح نفسه.",
            "قالوا ستجده مكتوبًا على العلبة، ولم أجده.",
        ),
        "eagerness": ("أشاروا إلى الرف دون أن يقوموا.",),
        "resourcefulness": ("تعطل النظام فانتهى الأمر: ارجع في يوم آخر.",),
        "ownership": (
            "الورشة ترسلني إلى الصندوق والصندوق يعيدني إلى الورشة.",
            "حكيت القصة نفسها ثلاث مرات لثلاثة أشخاص.",
        ),
        "waiting": (
            "خمس وعشرون دقيقة وصندوق واحد من خمسة ولا كلمة.",
            "أغلقوا الباب قبل الموعد بعشر دقائق.",
        ),
        "promises": (
            "وعدوا بالاتصال يوم الاثنين واليوم الجمعة.",
            "قالوا جاهز في الثالثة، وفي الثالثة لم يبدؤوا.",
        ),
        "flexibility": ("تأخرت يومًا واحدًا فقالوا: هذه هي التعليمات.",),
        "recovery": (
            "أعدت كرسيًا مكسورًا فسألوني ماذا فعلت به.",
            "خصم مزدوج بلا اعتذار، فقط استمارة.",
        ),
        "access": (
            "المصعد معطل «مؤقتًا» منذ الربيع.",
            "على الموقع حتى الثامنة وعلى الباب حتى السادسة.",
        ),
        "culture": ("كانوا يتجادلون حول المناوبات أمامي.",),
    },
}
"""Language → dimension → sentences of somebody who rated it low."""

PROMISES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "“We ring you by Thursday, one way or the other.”",
        "“Your lamp is ready on Friday after three.”",
        "“You will have the answer in writing within the week.”",
    ),
    "fr": (
        "« On vous appelle d’ici jeudi, dans tous les cas. »",
        "« Votre lampe sera prête vendredi après quinze heures. »",
        "« Vous aurez une réponse écrite dans la semaine. »",
    ),
    "es": (
        "“Le llamamos antes del jueves, pase lo que pase.”",
        "“Su lámpara estará el viernes a partir de las tres.”",
        "“Tendrá la respuesta por escrito esta semana.”",
    ),
}
"""What a shopper was promised, word for word."""

RULES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "“No exchange without the receipt.”",
        "“Repairs are only taken in before noon.”",
        "“I am not allowed to open a second till.”",
    ),
    "fr": (
        "« Pas d’échange sans ticket. »",
        "« Les réparations, c’est le matin seulement. »",
        "« Je n’ai pas le droit d’ouvrir une deuxième caisse. »",
    ),
    "es": (
        "“Sin tique no hay cambio.”",
        "“Las reparaciones, solo por la mañana.”",
        "“No me permiten abrir otra caja.”",
    ),
}
"""Which rule was held up, word for word."""

BEFORE: Mapping[str, tuple[str, ...]] = {
    "en": (
        "Saturday, around noon. ",
        "Third time this month. ",
        "In my lunch break. ",
        "With two small children. ",
        "Just before closing. ",
        "First visit. ",
    ),
    "fr": (
        "Samedi vers midi. ",
        "Troisième fois ce mois-ci. ",
        "Pendant ma pause. ",
        "Avec deux petits. ",
        "Juste avant la fermeture. ",
        "Première visite. ",
    ),
    "es": (
        "Sábado al mediodía. ",
        "Tercera vez este mes. ",
        "En la pausa de la comida. ",
        "Con dos niños pequeños. ",
        "Poco antes del cierre. ",
        "Primera visita. ",
    ),
    "ar": (
        "السبت ظهرًا. ",
        "المرة الثالثة هذا الشهر. ",
        "في استراحة الغداء. ",
        "مع طفلين صغيرين. ",
        "قبل الإغلاق بقليل. ",
        "أول زيارة. ",
    ),
}
"""What people say first, some of them."""
