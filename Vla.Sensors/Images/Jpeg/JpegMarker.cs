namespace Vla.Sensors.Images.Jpeg;

/// <summary>The markers of ITU-T T.81, table B.1, that matter here: the byte after 0xFF.</summary>
internal static class JpegMarker
{
    public const byte Prefix = 0xFF;
    public const byte BaselineFrame = 0xC0;
    public const byte ExtendedFrame = 0xC1;
    public const byte ProgressiveFrame = 0xC2;
    public const byte HuffmanTables = 0xC4;
    public const byte StartOfImage = 0xD8;
    public const byte EndOfImage = 0xD9;
    public const byte StartOfScan = 0xDA;
    public const byte QuantisationTables = 0xDB;
    public const byte RestartInterval = 0xDD;

    private const byte FirstRestart = 0xD0;
    private const byte LastRestart = 0xD7;

    /// <summary>0xFF 0x00 within a scan is the data byte 0xFF.</summary>
    public const byte Stuffing = 0;

    public static bool IsRestart(byte marker) => marker is >= FirstRestart and <= LastRestart;

    public static byte Restart(int number) => (byte)(FirstRestart + (number & 7));

    /// <summary>
    /// A frame header: 0xC0 to 0xCF but for tables (C4), an extension (C8) and arithmetic conditioning (CC).
    /// </summary>
    public static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (HuffmanTables or 0xC8 or 0xCC);

    /// <summary>Markers that are followed by a length and so many bytes less two.</summary>
    public static bool HasLength(byte marker) =>
        marker >= 0xC0 && marker is not (StartOfImage or EndOfImage) && !IsRestart(marker);
}
