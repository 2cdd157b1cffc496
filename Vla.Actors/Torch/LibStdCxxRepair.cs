using System.Buffers.Binary;
using System.Text;

namespace Vla.Actors.Torch;

/// <summary>
/// Rewrites an ELF library that wants one symbol of a newer libstdc++ so that it loads with an older one.
/// </summary>
/// <remarks>
/// <para>
/// TorchSharp 0.107's <c>libLibTorchSharp.so</c> was linked against GCC 13. From GLIBCXX_3.4.32 it wants exactly one
/// symbol, <c>std::ios_base_library_init()</c>, which Debian 12 and Ubuntu 22.04 (3.4.30) do not have. What that
/// function does is what the constructor <c>std::ios_base::Init::Init()</c>, there since GLIBCXX_3.4, does on an older
/// library; the class has no members, so it does not matter which <c>this</c> it is called with.
/// </para>
/// <para>
/// Three edits in place: in <c>.gnu.version_r</c> the needed version's hash and name become those of GLIBCXX_3.4 (a
/// version the file needs anyway), and in <c>.dynstr</c> the symbol's name becomes the shorter one, filled with NULs.
/// Layout of the tables: System V ABI, and "Symbol Versioning" in the Linux Standard Base.
/// </para>
/// </remarks>
internal static class LibStdCxxRepair
{
    /// <summary>The version that older systems lack; the dynamic loader's complaint names it.</summary>
    public const string NewVersion = "GLIBCXX_3.4.32";

    private const string OldVersion = "GLIBCXX_3.4";
    private const string NewSymbol = "_ZSt21ios_base_library_initv";
    private const string OldSymbol = "_ZNSt8ios_base4InitC1Ev";

    private const int SectionTypeVersionNeeds = 0x6ffffffe;

    /// <summary>Repairs the library's bytes in place.</summary>
    /// <param name="elf">The whole file.</param>
    /// <exception cref="InvalidDataException">
    /// Not a little-endian 64-bit ELF file, or it does not want exactly what this class knows how to replace.
    /// </exception>
    public static void Apply(Span<byte> elf)
    {
        if (elf.Length < 64 || !elf[..6].SequenceEqual("\u007fELF\u0002\u0001"u8))
            throw new InvalidDataException("not a little-endian 64-bit ELF library");

        try
        {
            var needs = FindSection(elf, SectionTypeVersionNeeds);
            var strings = SectionAt(elf, needs.Link);
            RenameVersion(elf, needs, strings);
            RenameSymbol(elf.Slice(strings.Offset, strings.Size));
        }
        catch (Exception e) when (e is ArgumentOutOfRangeException or IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("the ELF tables point outside the file", e);
        }
    }

    private static void RenameVersion(Span<byte> elf, Section needs, Section strings)
    {
        // Elf64_Verneed: version, count (16 bits each), file, aux, next; Elf64_Vernaux: hash, flags, other, name, next.
        int? newEntry = null,
            oldEntry = null;
        var need = needs.Offset;
        for (var n = 0; n < needs.Info; n++)
        {
            int count = BinaryPrimitives.ReadUInt16LittleEndian(elf[(need + 2)..]);
            var entry = need + Int32At(elf, need + 8);
            for (var i = 0; i < count; i++)
            {
                var name = StringAt(elf, strings, Int32At(elf, entry + 8));
                if (name == NewVersion)
                    newEntry = entry;
                if (name == OldVersion)
                    oldEntry = entry;
                entry += Int32At(elf, entry + 12);
            }

            need += Int32At(elf, need + 12);
        }

        if (newEntry is not { } target || oldEntry is not { } source)
            throw new InvalidDataException($"the library does not need both {NewVersion} and {OldVersion}");

        elf.Slice(source, 4).CopyTo(elf[target..]);
        elf.Slice(source + 8, 4).CopyTo(elf[(target + 8)..]);
    }

    private static void RenameSymbol(Span<byte> strings)
    {
        var wanted = Encoding.ASCII.GetBytes($"\0{NewSymbol}\0");
        var at = strings.IndexOf(wanted);
        if (at < 0)
            throw new InvalidDataException($"the library does not want {NewSymbol}");

        var name = strings.Slice(at + 1, NewSymbol.Length);
        name.Clear();
        Encoding.ASCII.GetBytes(OldSymbol, name);
    }

    private static Section FindSection(ReadOnlySpan<byte> elf, int type)
    {
        int count = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3c..]);
        for (var i = 0; i < count; i++)
        {
            var section = SectionAt(elf, i);
            if (section.Type == type)
                return section;
        }

        throw new InvalidDataException("the library has no table of needed versions");
    }

    private static Section SectionAt(ReadOnlySpan<byte> elf, int index)
    {
        var table = Int64At(elf, 0x28);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3a..]);
        var at = checked(table + index * size);
        return new Section(
            Int32At(elf, at + 4),
            Int64At(elf, at + 0x18),
            Int64At(elf, at + 0x20),
            Int32At(elf, at + 0x28),
            Int32At(elf, at + 0x2c)
        );
    }

    private static string StringAt(ReadOnlySpan<byte> elf, Section strings, int offset)
    {
        var text = elf.Slice(strings.Offset, strings.Size)[offset..];
        return Encoding.ASCII.GetString(text[..text.IndexOf((byte)0)]);
    }

    private static int Int32At(ReadOnlySpan<byte> elf, int offset) =>
        BinaryPrimitives.ReadInt32LittleEndian(elf[offset..]);

    private static int Int64At(ReadOnlySpan<byte> elf, int offset) =>
        checked((int)BinaryPrimitives.ReadInt64LittleEndian(elf[offset..]));

    private readonly record struct Section(int Type, int Offset, int Size, int Link, int Info);
}
