/** Names of files as people give them, in many languages, and the bytes that systems older than Unicode stored for them. */
import { codepage } from "../../src/text/codepages.ts";

const reverse = new Map<string, Map<string, number[]>>();

/** The table of a character set, the other way round: the first bytes of each character. */
function tableOf(encoding: string): Map<string, number[]> {
  let table = reverse.get(encoding);
  if (table === undefined) {
    const { singles, pair } = codepage(encoding);
    table = new Map();
    for (let bytes = 0x8100; bytes < 0xff00 && pair !== undefined; bytes++) {
      const letter = String.fromCharCode(pair(bytes >> 8, bytes & 0xff));
      if (letter !== "\0" && !table.has(letter)) table.set(letter, [bytes >> 8, bytes & 0xff]);
    }
    for (const [at, unit] of singles.entries()) if (unit !== 0) table.set(String.fromCharCode(unit), [0x80 + at]);
    reverse.set(encoding, table);
  }
  return table;
}

/** The bytes of a text in a character set that has all of it. */
export function encode(text: string, encoding: string): Uint8Array {
  const table = tableOf(encoding);
  return Uint8Array.from([...text].flatMap((letter) => {
    if (letter < "\x80") return [letter.charCodeAt(0)];
    const bytes = table.get(letter);
    if (bytes === undefined) throw new Error(`${encoding} has no ${letter}`);
    return bytes;
  }));
}

/** 30 names each. They were written for these tests, and nothing was tuned to them. */
export const NAMES = {
  simplified: names(`新建文件夹 会议记录.txt 2019年度工作总结.doc 张伟简历.doc 我的照片 说明书.pdf 安装步骤.txt 合同范本（最终版）.docx 北京旅游 第一章
    周杰伦-青花瓷.mp3 高等数学课件.ppt 毕业论文初稿.doc 财务报表.xls 员工花名册.xls 使用说明.htm 春节晚会.avi 通讯录 备份 客户资料
    学习笔记.txt 身份证复印件.jpg 房屋租赁合同.doc 生日快乐.jpg 红楼梦.txt 产品目录.pdf 考试大纲.doc 读我.txt 未命名.psd 宝宝满月`),
  traditional: names(`新增資料夾 會議紀錄.txt 專題報告.doc 履歷表.doc 我的照片 操作手冊.pdf 安裝說明.txt 合約書（修訂版）.docx 台北旅遊 第一章
    五月天-倔強.mp3 微積分講義.ppt 畢業論文初稿.doc 財務報表.xls 員工名冊.xls 使用說明.htm 家庭聚會.avi 通訊錄 備份 客戶資料
    讀書筆記.txt 身分證影本.jpg 租屋契約.doc 生日快樂.jpg 紅樓夢.txt 產品型錄.pdf 考試範圍.doc 讀我.txt 未命名.psd 功課表`),
  japanese: names(`新しいフォルダ 議事録.txt 見積書.xls 履歴書.doc 家族写真 取扱説明書.pdf インストール手順.txt 契約書（最終）.docx 京都旅行 第一話
    宇多田ヒカル.mp3 講義ノート.ppt 卒業論文.doc 売上集計表.xls 社員名簿.xls お読みください.txt 運動会.avi 住所録 バックアップ 顧客データ
    はじめに.txt ソースコード.zip 賃貸契約.doc 誕生日.jpg 吾輩は猫である.txt カタログ.pdf 試験問題.doc 能力表.xls 無題.psd 桜と富士山.jpg`),
  korean: names(`새 폴더 회의록.txt 업무보고서.hwp 이력서.doc 가족사진 사용설명서.pdf 설치방법.txt 계약서(최종).docx 제주도 여행 제1장
    김광석-서른즈음에.mp3 강의노트.ppt 졸업논문.hwp 매출현황.xls 직원명단.xls 읽어주세요.txt 운동회.avi 주소록 백업 고객자료
    공부방법.txt 주민등록등본.jpg 전세계약서.hwp 생일축하.jpg 홍길동전.txt 제품소개.pdf 기말고사.hwp 견적서.xls 제목없음.psd 벚꽃놀이.jpg`, /\n|\s{2,}|(?<=\.\w+|사진|여행|장|록|업|료|폴더)\s/),
  russian: names(`Новая_папка Протокол.txt Отчёт.doc Резюме.doc Фотографии Инструкция.pdf Установка.txt Договор.docx Москва Глава_1
    Кино-Группа_крови.mp3 Лекции.ppt Диплом.doc Смета.xls Сотрудники.xls ЧИТАЙМЕНЯ.txt Свадьба.avi Адреса Архив Клиенты
    заметки.txt Паспорт.jpg Аренда.doc юбилей.jpg Война_и_мир.txt Каталог.pdf Экзамен.doc Щука.jpg Безымянный.psd Подъезд.jpg`),
  german: names(`Übersicht.doc Verträge Grüße.txt Größe.xls München.jpg Änderungen.txt Schlüssel.pdf Geschäftsbericht.doc Straße.jpg Bücher
    Präsentation.ppt Ausflüge Öffnungszeiten.htm Müller.vcf Prüfung.doc Entwürfe Gehälter.xls Zusätze.txt Rückmeldung.doc Fußball.avi
    Höhe.dat Träume.mp3 Küche.jpg fünf.txt Jahresabschluß.xls Märchen.txt Übung.doc Körper.ppt Vögel Lösungen.pdf`),
  french: names(`Résumé.doc Été.jpg Français.txt Données.xls Élèves.xls Modèle.dot Réunion.txt Procès-verbal.doc à_lire.txt Forêt.jpg
    Bibliothèque Crédit.pdf Événements.htm Noël.jpg Vidéos Stratégie.ppt Sécurité.doc Problème.txt Théâtre.avi Déclaration.pdf
    Réglement.doc Hôtel.jpg Goûter.txt Leçons Reçu.pdf Mémoire.doc Dîner.jpg Gâteau.txt Pièces Clé.dat`),
  portuguese: names(`Relatório.doc Informações.txt Férias.jpg Orçamento.xls Música Endereços.xls Configuração.ini Não_lido.txt São_Paulo.jpg Lições
    Currículo.doc Reunião.txt Ações.xls Coração.mp3 Previsões.ppt Educação.pdf Mês.txt Opções.htm Família.jpg Histórico.doc
    Avaliação.doc Cópia.zip Licença.txt Instruções.pdf Promoção.jpg Água.jpg Eleição.doc Três.txt Convênio.pdf Tradução.doc`),
  polish: names(`Źródła Zdjęcia Łódź.jpg Święta.jpg Książki Życiorys.doc Umowa_końcowa.doc Pieśń.mp3 Ćwiczenia.pdf Płatności.xls
    Załącznik.pdf Następny.txt Gdańsk.jpg Wrocław.jpg Ogłoszenie.txt Zażalenie.doc Działka.jpg Własność.pdf Różne Ślub.avi
    Późno.txt Mądrość.txt Żółw.jpg Świadectwo.pdf Społeczeństwo.doc Piątek.txt Koszty_łączne.xls Zgłoszenie.doc Miód.jpg Spółka.doc`),
} as const;

/** Which character sets those names came in. */
export const STORED: readonly (readonly [encoding: string, names: keyof typeof NAMES])[] = [
  ["GBK", "simplified"], ["Big5", "traditional"], ["Shift_JIS", "japanese"], ["EUC-JP", "japanese"], ["EUC-KR", "korean"],
  ["CP866", "russian"], ["windows-1251", "russian"], ["KOI8-R", "russian"],
  ["CP437", "german"], ["CP437", "french"], ["CP850", "german"], ["CP850", "portuguese"], ["CP852", "polish"],
  ["windows-1252", "german"], ["windows-1252", "french"], ["windows-1252", "portuguese"],
];

function names(text: string, between: RegExp = /\s+/): string[] {
  return text.split(between).map((name) => name.trim()).filter((name) => name !== "");
}
