using System.Buffers.Binary;
using System.IO.Compression;
using Vla.Actors.Checkpoints;

namespace Vla.Tests.Actors.Checkpoints;

/// <summary>Archives that claim what is not so are refused before anything is allocated for it.</summary>
public sealed class TorchArchiveTests : IDisposable
{
    private static readonly byte[] Content = [1, 2, 3, 4, 5, 6, 7, 8];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Files_are_read_whole_in_parts_and_unpacked()
    {
        using var archive = TorchArchive.Open(
            Write(
                Zip(
                    ("stored", Content, CompressionLevel.NoCompression),
                    ("packed", new byte[10_000], CompressionLevel.SmallestSize)
                )
            )
        );

        Assert.Equal(Content, archive.ReadWhole(archive.Files["stored"], 8));
        var part = new byte[3];
        archive.Read(archive.Files["stored"], 4, part);
        Assert.Equal([5, 6, 7], part);
        archive.CheckSum(archive.Files["stored"]);
        Assert.True(archive.Files["packed"].IsPacked);
        Assert.Equal(new byte[10_000], archive.ReadWhole(archive.Files["packed"], 10_000));
        AssertRefused(
            () => archive.ReadWhole(archive.Files["packed"], 9_999),
            "has 10000 bytes in packed; at most 9999 are read"
        );
    }

    [Fact]
    public void A_flipped_bit_is_noticed()
    {
        var bytes = Zip(("a", Content, CompressionLevel.NoCompression));
        bytes[bytes.AsSpan().IndexOf(Content) + 3] ^= 1;
        using var archive = TorchArchive.Open(Write(bytes));

        AssertRefused(() => archive.CheckSum(archive.Files["a"]), "has damaged numbers in a");
        AssertRefused(() => archive.ReadWhole(archive.Files["a"], 100), "has damaged bytes in a");
    }

    [Fact]
    public void Two_files_in_the_same_bytes_are_refused()
    {
        var bytes = Zip(("a", Content, CompressionLevel.NoCompression), ("b", Content, CompressionLevel.NoCompression));
        var second = Entries(bytes)[1];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(second + 42), 0); // b begins where a does

        AssertRefused(() => TorchArchive.Open(Write(bytes)), "in the same bytes as");
    }

    [Theory]
    [InlineData(24, uint.MaxValue - 1, "says of a that it has 4294967294 bytes, stored in 8")] // size
    [InlineData(42, 1_000_000u, "has a outside the file")] // offset
    [InlineData(8, 1u, "is encrypted")] // flags
    [InlineData(10, 12u, "method 12")] // method: bzip2
    public void An_entry_that_is_not_so_is_refused(int field, uint value, string message)
    {
        var bytes = Zip(("a", Content, CompressionLevel.NoCompression));
        var at = bytes.AsSpan(Entries(bytes)[0] + field);
        if (field is 8 or 10)
            BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)value);
        else
            BinaryPrimitives.WriteUInt32LittleEndian(at, value);

        AssertRefused(() => TorchArchive.Open(Write(bytes)), message);
    }

    [Fact]
    public void Both_sizes_beyond_the_file_are_refused()
    {
        var bytes = Zip(("a", Content, CompressionLevel.NoCompression));
        foreach (var field in (int[])[20, 24])
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Entries(bytes)[0] + field), 1 << 30);

        AssertRefused(() => TorchArchive.Open(Write(bytes)), "has a reach beyond the end of the file");
    }

    [Fact]
    public void A_directory_that_claims_more_files_than_it_has_bytes_for_is_refused()
    {
        var bytes = Zip(("a", Content, CompressionLevel.NoCompression));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(bytes.Length - 22 + 10), 60_000);

        AssertRefused(() => TorchArchive.Open(Write(bytes)), "claims 60000 files in a directory of");
    }

    [Fact]
    public void A_packed_file_that_claims_more_than_packing_can_do_is_refused()
    {
        var bytes = Zip(("a", new byte[10_000], CompressionLevel.SmallestSize));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Entries(bytes)[0] + 24), 1 << 30);
        using var archive = TorchArchive.Open(Write(bytes));

        AssertRefused(() => archive.ReadWhole(archive.Files["a"], long.MaxValue), "more bytes than it can have");
    }

    [Fact]
    public void A_pickle_of_small_opcodes_that_each_ask_for_memory_ends_at_a_bound()
    {
        var pickle = new PickleWriter();
        for (var i = 0; i < 3_000_000; i++)
            pickle.Op('}');
        var file = Write(pickle.ToArchive());

        var before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(() => Checkpoint.Open(file), "more than 2,000,000 values");

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000_000);
    }

    [Fact]
    public void A_pickle_that_is_packed_is_refused_before_it_unfolds()
    {
        var file = Write(Zip(("a/data.pkl", new byte[50_000_000], CompressionLevel.SmallestSize)));

        var before = GC.GetAllocatedBytesForCurrentThread();
        AssertRefused(() => Checkpoint.Open(file), "has a packed a/data.pkl");

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }

    [Fact]
    public void Values_that_hold_each_other_in_circles_end()
    {
        // A dict that is its own value under "model", and a module that is its own part.
        AssertRefused(
            () =>
                Checkpoint.Open(
                    Write(
                        new PickleWriter().Op('}').Raw((byte)'q', 0).Text("model").Raw((byte)'h', 0).Op('s').ToArchive()
                    )
                ),
            "does not hold weights"
        );
        AssertRefused(
            () =>
                Checkpoint.Open(
                    Write(
                        new PickleWriter()
                            .Global("__main__", "Net")
                            .Op(')')
                            .Raw(0x81)
                            .Raw((byte)'q', 0)
                            .Op('}')
                            .Text("_parameters")
                            .Op('}')
                            .Op('s')
                            .Text("_modules")
                            .Op('}')
                            .Text("inner")
                            .Raw((byte)'h', 0)
                            .Op('s')
                            .Op('s')
                            .Op('b')
                            .ToArchive()
                    )
                ),
            "does not hold weights"
        );
    }

    private static byte[] Zip(params (string Name, byte[] Content, CompressionLevel Level)[] files)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create))
        {
            foreach (var (name, content, level) in files)
            {
                using var stream = archive.CreateEntry(name, level).Open();
                stream.Write(content);
            }
        }

        return memory.ToArray();
    }

    // Where the directory's entries begin.
    private static List<int> Entries(byte[] zip)
    {
        var entries = new List<int>();
        for (var at = BinaryPrimitives.ReadInt32LittleEndian(zip.AsSpan(zip.Length - 22 + 16)); at < zip.Length - 22; )
        {
            entries.Add(at);
            at +=
                46
                + BinaryPrimitives.ReadUInt16LittleEndian(zip.AsSpan(at + 28))
                + BinaryPrimitives.ReadUInt16LittleEndian(zip.AsSpan(at + 30));
        }

        return entries;
    }

    private string Write(byte[] content) => _directory.Write("a.pt", content);

    private static void AssertRefused(Action open, string message)
    {
        var error = Assert.Throws<CheckpointException>(open);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
