using TorchSharp;
using Vla.Actors.Torch;

namespace Vla.Tests.Actors.Torch;

public sealed class TorchLibraryTests
{
    private static readonly string Original = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");

    [Fact]
    public void Torch_computes_on_this_machine()
    {
        using var sum = torch.ones(2, 3).sum();

        Assert.Equal(6f, sum.item<float>());
    }

    [LinuxFact]
    public void The_repaired_copy_no_longer_names_the_newer_version_as_needed()
    {
        var copy = TorchLibrary.Repaired(Original);
        var original = File.ReadAllBytes(Original);

        Assert.Equal(original.Length, copy.Length);
        // It asks for nothing any more that it could be repaired of.
        Assert.Throws<InvalidDataException>(() => LibStdCxxRepair.Apply(copy));
    }

    [LinuxFact]
    public void Few_bytes_change()
    {
        var copy = TorchLibrary.Repaired(Original);
        var original = File.ReadAllBytes(Original);

        var changed = original.Zip(copy).Count(pair => pair.First != pair.Second);
        // A hash (4), a name offset (4) and a symbol name (28).
        Assert.InRange(changed, 1, 36);
    }

    [LinuxFact]
    public void The_library_comes_from_the_programs_folder_or_from_memory_and_from_nowhere_else()
    {
        using var one = torch.ones(1);

        var mapped = File.ReadLines("/proc/self/maps")
            .Where(line => line.Contains("LibTorchSharp", StringComparison.Ordinal))
            .Select(line => line[line.IndexOf('/', StringComparison.Ordinal)..])
            .Distinct()
            .ToList();

        Assert.Contains(mapped, path => path.Contains("libLibTorchSharp.so", StringComparison.Ordinal));
        Assert.All(
            mapped,
            path =>
                Assert.True(
                    path.StartsWith(AppContext.BaseDirectory, StringComparison.Ordinal)
                        || path.StartsWith("/memfd:", StringComparison.Ordinal),
                    path
                )
        );
    }

    [LinuxFact]
    public void The_original_stays_as_it_was()
    {
        var before = File.ReadAllBytes(Original);

        TorchLibrary.Repaired(Original);

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
