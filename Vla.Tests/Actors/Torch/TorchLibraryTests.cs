using TorchSharp;
using Vla.Actors.Torch;

namespace Vla.Tests.Actors.Torch;

public sealed class TorchLibraryTests : IDisposable
{
    private static readonly string Original = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");

    private readonly TemporaryDirectory _cache = new();

    public void Dispose() => _cache.Dispose();

    [Fact]
    public void Torch_computes_on_this_machine()
    {
        using var sum = torch.ones(2, 3).sum();

        Assert.Equal(6f, sum.item<float>());
    }

    [LinuxFact]
    public void The_repaired_copy_no_longer_names_the_newer_version_as_needed()
    {
        var copy = File.ReadAllBytes(TorchLibrary.RepairedCopy(Original, _cache.Path));
        var original = File.ReadAllBytes(Original);

        Assert.Equal(original.Length, copy.Length);
        // It asks for nothing any more that it could be repaired of.
        Assert.Throws<InvalidDataException>(() => LibStdCxxRepair.Apply(copy));
    }

    [LinuxFact]
    public void Few_bytes_change()
    {
        var copy = File.ReadAllBytes(TorchLibrary.RepairedCopy(Original, _cache.Path));
        var original = File.ReadAllBytes(Original);

        var changed = original.Zip(copy).Count(pair => pair.First != pair.Second);
        // A hash (4), a name offset (4) and a symbol name (28).
        Assert.InRange(changed, 1, 36);
    }

    [LinuxFact]
    public void The_original_stays_as_it_was_and_the_copy_is_made_once()
    {
        var before = File.ReadAllBytes(Original);

        var first = TorchLibrary.RepairedCopy(Original, _cache.Path);
        var made = File.GetLastWriteTimeUtc(first);
        var second = TorchLibrary.RepairedCopy(Original, _cache.Path);

        Assert.Equal(first, second);
        Assert.Equal(made, File.GetLastWriteTimeUtc(second));
        Assert.Equal(before, File.ReadAllBytes(Original));
    }

    [LinuxFact]
    public void Truncated_libraries_are_refused()
    {
        var original = File.ReadAllBytes(Original);

        foreach (var length in new[] { 0, 10, 63, 64, 4096, original.Length / 2 })
            Assert.Throws<InvalidDataException>(() => LibStdCxxRepair.Apply(original.AsSpan(0, length).ToArray()));
    }

    [Fact]
    public void A_file_that_is_no_library_is_refused()
    {
        var text = "this is not a library, although it is longer than an ELF header would have to be"u8.ToArray();

        Assert.Throws<InvalidDataException>(() => LibStdCxxRepair.Apply(text));
    }
}
