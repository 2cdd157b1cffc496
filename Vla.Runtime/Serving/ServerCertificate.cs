using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Vla.Sensors.Text;

namespace Vla.Runtime.Serving;

/// <summary>What a server shows of itself over TLS, from PEM files.</summary>
internal sealed record ServerCertificate(X509Certificate2 Certificate)
{
    /// <param name="file">The certificate, and those of its signers behind it.</param>
    /// <param name="keyFile">Its private key; only its owner may read it.</param>
    /// <exception cref="UsageException">One cannot be read, others can read the key, or they do not belong
    /// together.</exception>
    public static ServerCertificate Read(string file, string keyFile)
    {
        const int longest = 65_536;
        var key = SecretFile.Read(keyFile, longest, "--tls-key", (why, inner) => new UsageException(why, inner));
        try
        {
            using var certificate = X509Certificate2.CreateFromPem(File.ReadAllText(file), key);
            // TLS wants the key kept as in a file of the other kind.
            return new ServerCertificate(
                X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null)
            );
        }
        catch (Exception e)
            when (e is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new UsageException(
                $"--tls-certificate '{file}' and --tls-key '{keyFile}' cannot be used: "
                    + $"{e.Message.ReplaceLineEndings(" ")}; both are PEM, a certificate and the key that goes with it",
                e
            );
        }
    }
}
