using System.Text;
using Vla.Actors.Checkpoints;
using static TorchSharp.torch;

namespace Vla.Tests.Actors.Checkpoints;

/// <summary>Whatever lies where weights should is said by its name.</summary>
public sealed class FileKindTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull")]
    [InlineData("<!DOCTYPE html>\n<html>", "is a web page")]
    [InlineData("\ufeff\n <HTML><body>", "is a web page")]
    [InlineData("{\"metadata\":{},\"weight_map\":{\"a\":\"1\"}}", "in several files")]
    [InlineData("{\n  \"dim\": 3 }", "is JSON text")]
    [InlineData("Access denied\n", "is a text file")]
    [InlineData("GGUF\u0003\0\0\0", "is a GGUF file")]
    [InlineData("\u0008\u0007\u0012\u0007pytorch", "is an ONNX model")]
    public void Text_and_other_formats(string content, string message) =>
        AssertSaid(Encoding.UTF8.GetBytes(content), message);

    [Theory]
    [InlineData(new byte[] { 0x89, (byte)'H', (byte)'D', (byte)'F', 13, 10, 26, 10, 0 }, "HDF5")]
    [InlineData(new byte[] { 0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y', 1, 0 }, "NumPy array")]
    [InlineData(new byte[] { 0x1f, 0x8b, 8, 0 }, "packed with gzip")]
    [InlineData(new byte[] { 0x80, 4, 0x95, 0 }, "is a pickle, but not one that torch.save wrote")]
    [InlineData(new byte[] { 0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10 }, "is a picture")]
    public void Binary_formats(byte[] content, string message) => AssertSaid(content, message);

    [Fact]
    public void A_directory() =>
        Assert.Contains(
            "is a directory",
            Assert.Throws<CheckpointException>(() => Checkpoint.Open(_directory.Path)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(0x0280)] // begins like a pickle of protocol 2
    [InlineData(0x8b1f)] // like gzip
    [InlineData(0x120708)] // like ONNX
    public void A_safetensors_file_whose_headers_length_looks_like_another_format_is_read(int headerBytes)
    {
        using var scope = NewDisposeScope();
        var file = _directory.File("a.safetensors");
        SafetensorsWriter.Write(file, new Dictionary<string, Tensor> { ["a"] = ones(2) });
        var written = File.ReadAllBytes(file);
        var header = BitConverter.ToInt32(written);
        byte[] padded =
        [
            .. BitConverter.GetBytes((long)headerBytes),
            .. written[8..(8 + header)],
            .. Enumerable.Repeat((byte)' ', headerBytes - header),
            .. written[(8 + header)..],
        ];
        _directory.Write("a.safetensors", padded);

        using var checkpoint = Checkpoint.Open(file);

        Assert.Equal([1, 1], checkpoint.ReadTensor("a").data<float>().ToArray());
    }

    private void AssertSaid(byte[] content, string message)
    {
        foreach (var name in (string[])["weights.pt", "weights.safetensors"])
        {
            var file = _directory.Write(name, content);
            var error = Assert.Throws<CheckpointException>(() => Checkpoint.Open(file)).Message;
            Assert.StartsWith($"{file}: ", error, StringComparison.Ordinal);
            Assert.Contains(message, error, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', error);
        }
    }
}
