using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Vla.Sensors.Text;

namespace Vla.Runtime.Networks.LeKiwi;

/// <summary>
/// One observation of LeKiwi's host: the state, and pictures as JPEG.
/// </summary>
/// <remarks>
/// Up to LeRobot 0.6.0 one JSON text with the pictures in it as base64; from 0.6.1 on several frames: a JSON text,
/// whose <c>_cams</c> names the pictures in the frames behind it. Both are read. Red and blue are exchanged in the
/// pictures: the host hands arrays of red, green, blue to an encoder that takes them for blue, green, red.
/// </remarks>
internal sealed class LeKiwiMessage
{
    private static readonly byte[][] Keys = [.. LeKiwiForm.Names.Select(Encoding.UTF8.GetBytes)];

    private readonly Dictionary<string, Memory<byte>> _pictures = [];
    private readonly Dictionary<string, byte[]> _memory = [];
    private readonly bool[] _isThere = new bool[Keys.Length];

    /// <summary>In the order of <see cref="LeKiwiForm.Names"/>.</summary>
    public float[] Values { get; } = new float[Keys.Length];

    /// <summary>What its cameras are called.</summary>
    public IEnumerable<string> Cameras => _pictures.Keys;

    /// <summary>Bytes of all of it.</summary>
    public int Length { get; private set; }

    /// <summary>A camera's JPEG; empty where it sent none.</summary>
    public ReadOnlyMemory<byte> Picture(string camera) => _pictures.GetValueOrDefault(camera);

    /// <summary>Reads it.</summary>
    /// <returns>What is wrong with it; null when nothing is.</returns>
    public string? Read(IReadOnlyList<byte[]> frames)
    {
        _pictures.Clear();
        Array.Clear(_isThere);
        Length = frames.Sum(frame => frame.Length);
        try
        {
            var reader = new Utf8JsonReader(frames[0]);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return "a message is no JSON object";
            List<string>? cameras = null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("_cams"u8))
                    cameras = Texts(ref reader);
                else if (ReadOne(ref reader) is { } problem)
                    return problem;
            }

            for (var i = 0; i < cameras?.Count; i++)
            {
                if (i + 1 >= frames.Count)
                    return $"a message names the camera {OneLine.Of(cameras[i], 60)} and has no frame for it";
                _pictures[cameras[i]] = frames[i + 1];
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return $"a message is no JSON: {OneLine.Of(e.Message, 120)}";
        }

        var missing = Array.IndexOf(_isThere, false);
        return missing < 0 ? null : $"a message lacks {LeKiwiForm.Names[missing]}";
    }

    private string? ReadOne(ref Utf8JsonReader reader)
    {
        var place = 0;
        while (place < Keys.Length && !reader.ValueTextEquals(Keys[place]))
            place++;
        if (place == Keys.Length)
        {
            ReadPicture(ref reader);
            return null;
        }

        reader.Read();
        if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var value))
            return $"a message's {LeKiwiForm.Names[place]} is no number";
        (Values[place], _isThere[place]) = ((float)value, true);
        return null;
    }

    /// <summary>A text is a picture, whatever it is called; what is none is found where it is decoded.</summary>
    private void ReadPicture(ref Utf8JsonReader reader)
    {
        const int MostCameras = 32;
        var name = reader.GetString()!;
        reader.Read();
        if (reader.TokenType != JsonTokenType.String || _pictures.Count >= MostCameras)
        {
            reader.Skip();
            return;
        }

        if (reader.ValueIsEscaped)
        {
            _pictures[name] = reader.TryGetBytesFromBase64(out var bytes) ? bytes : Memory<byte>.Empty;
            return;
        }

        var most = Base64.GetMaxDecodedFromUtf8Length(reader.ValueSpan.Length);
        if (!_memory.TryGetValue(name, out var memory) || memory.Length < most)
        {
            // One for each camera; a host whose names change at every message does not make it grow.
            if (_memory.Count >= MostCameras)
                _memory.Clear();
            _memory[name] = memory = new byte[most];
        }

        var status = Base64.DecodeFromUtf8(reader.ValueSpan, memory, out _, out var length);
        _pictures[name] =
            status == System.Buffers.OperationStatus.Done ? memory.AsMemory(0, length) : Memory<byte>.Empty;
    }

    private static List<string> Texts(ref Utf8JsonReader reader)
    {
        var texts = new List<string>();
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("_cams is no list");
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
            texts.Add(reader.GetString()!);
        return reader.TokenType == JsonTokenType.EndArray
            ? texts
            : throw new JsonException("_cams is no list of texts");
    }
}
