using System.Buffers.Binary;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace Vla.Tests;

/// <summary>
/// The notebook's weights as PyTorch saved them. Their numbers lie in the repository once, in the shipped policy: what
/// is kept of the file is everything else, and where each tensor's numbers belong.
/// </summary>
internal static class SavedStateDict
{
    public const string Name = "simplevla/state_dict.pt";

    private static readonly Lazy<string> Made = new(Make);

    /// <summary>Byte for byte as it was saved.</summary>
    public static string Path => Made.Value;

    private static string Make()
    {
        using var places = JsonDocument.Parse(File.ReadAllBytes(TestData.Path("simplevla/state_dict.json")));
        var saved = new MemoryStream();
        using (var packed = new GZipStream(File.OpenRead(TestData.Path($"{Name}.gz")), CompressionMode.Decompress))
            packed.CopyTo(saved);
        var file = saved.ToArray();
        var weights = File.ReadAllBytes(System.IO.Path.Combine(TestData.NotebookPolicy, "model.safetensors"));
        var headerBytes = checked((int)BinaryPrimitives.ReadInt64LittleEndian(weights));
        using var header = JsonDocument.Parse(weights.AsMemory(sizeof(long), headerBytes));
        foreach (var tensor in places.RootElement.GetProperty("tensors").EnumerateObject())
        {
            var offsets = header.RootElement.GetProperty(tensor.Name).GetProperty("data_offsets");
            var (begin, end) = (offsets[0].GetInt32(), offsets[1].GetInt32());
            weights
                .AsSpan(sizeof(long) + headerBytes + begin, end - begin)
                .CopyTo(file.AsSpan(tensor.Value.GetInt32()));
        }

        Assert.Equal(
            places.RootElement.GetProperty("sha256").GetString(),
            Convert.ToHexStringLower(SHA256.HashData(file))
        );
        var path = System.IO.Path.Combine(AppContext.BaseDirectory, "Fixtures", Name);
        File.WriteAllBytes(path, file);
        return path;
    }
}
